using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Makes the policies' function the one that this deployment's API speaks to, and gives the server the
/// key. Not a migration, because both depend on settings; every <c>migrate up</c> does it.
/// </summary>
internal static class TenantScopeSetup
{
    public static async Task ApplyAsync(
        NpgsqlConnection owner, ITenantScopeSql scopeSql, DerivedKeys keys, CancellationToken ct)
    {
        await TenantScopeKeys.StoreAsync(owner, keys.For(TenantScopeKeys.Purpose), ct);
        await using var function = new NpgsqlCommand(scopeSql.Function.Create, owner);
        await function.ExecuteNonQueryAsync(ct);
    }

    /// <summary>For a DBA's review; the key is never printed.</summary>
    public static string Script(ITenantScopeSql scopeSql) =>
        $"{scopeSql.Function.Create}\n-- Then run migrate up: it finds nothing pending, and stores {DatabaseRoles.App}'s password and the key.\n";
}
