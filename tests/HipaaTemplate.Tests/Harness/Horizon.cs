using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// Below which the sealer takes events. Whatever writes anywhere in the cluster holds it back, PostgreSQL's own
/// upkeep too, so that what was stored just now is sealed only a moment later.
/// </summary>
internal static class Horizon
{
    /// <summary>Until it has passed everything that is stored.</summary>
    public static async Task PassesAsync(string databaseUrl)
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(databaseUrl);
        await Eventually.IsTrueAsync(
            () => dba.ScalarAsync<bool>($"SELECT NOT EXISTS (SELECT FROM {AuditTables.Events} WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()))"),
            "Some transaction in this cluster is never over.");
    }
}
