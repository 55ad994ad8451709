namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Numbers of the database's advisory locks, all in one place: two that are the same would hold each other up, and
/// nothing would say so.
/// </summary>
internal static class AdvisoryLocks
{
    public const long Migrating = 4_711_000_001;
    public const long Sealing = 4_711_000_002;
    public const long Anchoring = 4_711_000_003;
    public const long LookingForAlerts = 4_711_000_004;
}
