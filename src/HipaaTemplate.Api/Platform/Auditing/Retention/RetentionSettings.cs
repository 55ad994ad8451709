using HipaaTemplate.Platform.Settings;

namespace HipaaTemplate.Platform.Auditing.Retention;

/// <summary>How long the audit trail is kept, and where it is archived.</summary>
internal sealed class RetentionSettings : IHasProblems
{
    /// <summary>45 CFR 164.316(b)(2)(i).</summary>
    public const int FewestYears = 6;

    public const int MostYears = 100;

    [Setting("AUDIT_RETENTION_YEARS", "How many years after its end a month of the audit trail is kept, of tenants without a term of their own (`audit retention`): 6 to 100, because 45 CFR 164.316(b)(2)(i) asks for six.")]
    public int Years { get; set; } = 7;

    [Setting("AUDIT_ARCHIVE_DIRECTORY", "A directory outside the database that `audit archive` writes months to that have ended: one that whoever administers the database cannot write to. Without it nothing is archived, and so nothing is ever destroyed.")]
    public string? ArchiveDirectory { get; set; }

    public static bool IsTerm(int years) => years is >= FewestYears and <= MostYears;

    public IEnumerable<string> Problems()
    {
        if (!IsTerm(Years))
        {
            yield return $"AUDIT_RETENTION_YEARS must be between {FewestYears} and {MostYears}: 45 CFR 164.316(b)(2)(i).";
        }

        if (ArchiveDirectory is not null && !Directory.Exists(ArchiveDirectory))
        {
            yield return "AUDIT_ARCHIVE_DIRECTORY must be a directory that is there.";
        }
    }
}
