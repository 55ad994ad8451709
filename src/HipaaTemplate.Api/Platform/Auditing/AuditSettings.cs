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

    [Setting("AUDIT_SIGNING_KEY_ID", "A key of AWS KMS that signs the seals (ECC_NIST_P256, SIGN_VERIFY): id, ARN or alias.",
        DefaultText = "a key in the database that KEY_PROVIDER wraps")]
    public string? SigningKeyId { get; set; }

    [Setting("AUDIT_ANCHOR_DIRECTORY", "A directory outside the database that gets what was sealed, once a minute: one that whoever administers the database cannot write to.")]
    public string? AnchorDirectory { get; set; }

    [Setting("AUDIT_ANCHOR_BUCKET", "A bucket of S3 with object lock that gets the same, in place of a directory: nobody can remove an anchor from it before its time. Credentials are those of the machine, or of AWS_ACCESS_KEY_ID.")]
    public string? AnchorBucket { get; set; }

    [Setting("AUDIT_ANCHOR_PREFIX", "What the names of anchors in AUDIT_ANCHOR_BUCKET begin with, such as clinic/.")]
    public string AnchorPrefix { get; set; } = "";

    [Setting("AUDIT_ANCHOR_RETENTION_YEARS", "How many years an anchor in AUDIT_ANCHOR_BUCKET is locked, 1 to 100.")]
    public int AnchorRetentionYears { get; set; } = 7;

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

        if (SigningKeyId is not null && !KeyPattern().IsMatch(SigningKeyId))
        {
            yield return "AUDIT_SIGNING_KEY_ID must be the id, ARN or alias of a key of AWS KMS.";
        }

        if (AnchorBucket is not null && !BucketPattern().IsMatch(AnchorBucket))
        {
            yield return "AUDIT_ANCHOR_BUCKET must be the name of a bucket: 3 to 63 lower case letters, digits, dots and hyphens.";
        }

        if (AnchorBucket is not null && AnchorDirectory is not null)
        {
            yield return "AUDIT_ANCHOR_BUCKET and AUDIT_ANCHOR_DIRECTORY exclude each other: anchors have one place.";
        }

        if (!PrefixPattern().IsMatch(AnchorPrefix))
        {
            yield return "AUDIT_ANCHOR_PREFIX must be letters, digits and ._/-, at most 200, and not begin with a slash.";
        }

        if (AnchorRetentionYears is < 1 or > 100)
        {
            yield return "AUDIT_ANCHOR_RETENTION_YEARS must be between 1 and 100.";
        }

        if (AnchorDirectory is not null && !Directory.Exists(AnchorDirectory))
        {
            yield return "AUDIT_ANCHOR_DIRECTORY must be a directory that is there.";
        }
    }

    [GeneratedRegex(@"^[A-Za-z0-9:/_-]{1,512}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyPattern();

    [GeneratedRegex(@"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BucketPattern();

    [GeneratedRegex(@"^([A-Za-z0-9._-][A-Za-z0-9._/-]{0,199})?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PrefixPattern();

    [GeneratedRegex(@"^[A-Za-z0-9._+-]{1,100}\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OperatorPattern();
}
