using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Settings;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>How the audit trail is sealed.</summary>
internal sealed partial class AuditSettings : IHasProblems
{
    [Setting("AUDIT_LOG_NAME", "Names this deployment's audit trail in every seal and for ever: a URL without scheme, by recommendation, such as audit.clinic.example.")]
    public string LogName { get; set; } = "hipaa-template";

    [Setting("AUDIT_SEAL", "Whether this process seals the audit trail each second: true, or false where `audit seal` runs elsewhere. Of several one does it at a time.", DefaultText = "true")]
    public bool Seal { get; set; } = true;

    [Setting("AUDIT_ANCHOR_DIRECTORY", "A directory outside the database that gets what was sealed, once a minute: one that whoever administers the database cannot write to.")]
    public string? AnchorDirectory { get; set; }

    [Setting("AUDIT_OPERATOR", "Who works at the command line, as events of verbs name it before the login of DATABASE_URL: letters, digits and ._+-, at most 100.",
        DefaultText = "the user of the operating system")]
    public string? Operator { get; set; }

    public IEnumerable<string> Problems()
    {
        if (!NoteText.IsName(LogName) || LogName.Length > 200)
        {
            yield return "AUDIT_LOG_NAME must be a name without spaces and plus signs, at most 200 characters.";
        }

        if (Operator is not null && !OperatorPattern().IsMatch(Operator))
        {
            yield return "AUDIT_OPERATOR must be a name of letters, digits and ._+-, at most 100 characters.";
        }

        if (AnchorDirectory is not null && !Directory.Exists(AnchorDirectory))
        {
            yield return "AUDIT_ANCHOR_DIRECTORY must be a directory that is there.";
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9._+-]{1,100}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OperatorPattern();
}
