using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Settings;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>How the audit trail is sealed.</summary>
internal sealed class AuditSettings : IHasProblems
{
    [Setting("AUDIT_LOG_NAME", "Names this deployment's audit trail in every seal and for ever: a URL without scheme, by recommendation, such as audit.clinic.example.")]
    public string LogName { get; set; } = "hipaa-template";

    [Setting("AUDIT_SEAL", "Whether this process seals the audit trail each second: true, or false where `audit seal` runs elsewhere. Of several one does it at a time.", DefaultText = "true")]
    public bool Seal { get; set; } = true;

    [Setting("AUDIT_ANCHOR_DIRECTORY", "A directory outside the database that gets what was sealed, once a minute: one that whoever administers the database cannot write to.")]
    public string? AnchorDirectory { get; set; }

    public IEnumerable<string> Problems()
    {
        if (!NoteText.IsName(LogName) || LogName.Length > 200)
        {
            yield return "AUDIT_LOG_NAME must be a name without spaces and plus signs, at most 200 characters.";
        }

        if (AnchorDirectory is not null && !Directory.Exists(AnchorDirectory))
        {
            yield return "AUDIT_ANCHOR_DIRECTORY must be a directory that is there.";
        }
    }
}
