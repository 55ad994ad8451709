using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Database;
using Npgsql;

namespace HipaaTemplate.Tests.Harness.Vault;

/// <summary>
/// The database engine with PostgreSQL behind it: a user for each lease, who is a member of hipaa_app and is
/// dropped when the lease ends or the token that it was given to.
/// </summary>
internal sealed class VaultDatabase(VaultTokens tokens, TimeProvider time)
{
    private readonly Dictionary<string, DatabaseLease> leases = [];
    private readonly SemaphoreSlim gate = new(1);

    /// <summary>Of a login that may create roles and grant hipaa_app.</summary>
    public string? OwnerConnectionString { get; set; }

    public string Role { get; set; } = "hipaa-template";

    public TimeSpan Lease { get; set; } = TimeSpan.FromHours(24);

    public TimeSpan LongestLife { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Users that there are now.</summary>
    public IReadOnlyCollection<string> Users => [.. leases.Values.Select(lease => lease.User)];

    public async Task<JsonObject> CreateAsync(string token)
    {
        await gate.WaitAsync();
        try
        {
            var now = time.GetUtcNow();
            // Passwords and names that need quoting are what Vault makes too.
            var lease = new DatabaseLease(
                $"database/creds/{Role}/{Guid.CreateVersion7():N}", $"v-approle-{Guid.CreateVersion7().ToString("N")[12..]}", token, now + Lease, now + LongestLife);
            var password = $"{Guid.CreateVersion7():N}-A";
            await ExecuteAsync(
                $"""CREATE ROLE "{lease.User}" LOGIN PASSWORD '{password}' VALID UNTIL '{lease.Ends:O}' IN ROLE {DatabaseRoles.App}""");
            leases[lease.Id] = lease;
            return new JsonObject
            {
                ["lease_id"] = lease.Id,
                ["lease_duration"] = (int)Lease.TotalSeconds,
                ["renewable"] = true,
                ["data"] = new JsonObject { ["username"] = lease.User, ["password"] = password },
            };
        }
        finally
        {
            gate.Release();
        }
    }

    /// <returns>Null where there is no such lease.</returns>
    public async Task<JsonObject?> RenewAsync(string id, TimeSpan increment)
    {
        await gate.WaitAsync();
        try
        {
            if (!leases.TryGetValue(id, out var lease))
            {
                return null;
            }

            var now = time.GetUtcNow();
            var ends = now + increment < lease.LastEnd ? now + increment : lease.LastEnd;
            leases[id] = lease with { Ends = ends };
            await ExecuteAsync($"""ALTER ROLE "{lease.User}" VALID UNTIL '{ends:O}'""");
            return new JsonObject
            {
                ["lease_id"] = id, ["lease_duration"] = (int)(ends - now).TotalSeconds, ["renewable"] = true,
            };
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Drops whom nobody leases any more. Vault does it by itself; here whenever it is asked something.</summary>
    public async Task SweepAsync()
    {
        await gate.WaitAsync();
        try
        {
            foreach (var lease in leases.Values.Where(lease => lease.Ends <= time.GetUtcNow() || !tokens.IsGood(lease.Token)).ToList())
            {
                await ExecuteAsync($"""DROP ROLE "{lease.User}" """);
                leases.Remove(lease.Id);
            }
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(OwnerConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private sealed record DatabaseLease(string Id, string User, string Token, DateTimeOffset Ends, DateTimeOffset LastEnd);
}
