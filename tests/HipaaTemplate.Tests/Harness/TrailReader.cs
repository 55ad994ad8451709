using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Tests.Harness;

/// <summary>The audit trail as hipaa_auditor reads it.</summary>
internal static class TrailReader
{
    private static readonly string[] OfKeys = [AuditAction.UseKey.Word(), AuditAction.MakeKey.Word()];

    /// <summary>What was done. That keys were had for it is left out: it depends on who had them at hand.</summary>
    public static async Task<List<StampedEntry>> EventsAsync(string databaseUrl, TenantId tenant) =>
        [.. (await AllEventsAsync(databaseUrl, tenant)).Where(stamped => !OfKeys.Contains(stamped.Entry.Action))];

    /// <summary>In the order of their ids; of this month, and of the one before, where a test began.</summary>
    public static async Task<List<StampedEntry>> AllEventsAsync(string databaseUrl, TenantId tenant)
    {
        await using var reader = await AuditReader.OpenAsync(Options.Create(new DatabaseSettings { Url = databaseUrl }), CancellationToken.None);
        var now = TimeProvider.System.GetUtcNow();
        List<StampedEntry> events = [];
        foreach (var month in new[] { now.AddHours(-1), now }.Select(at => AuditLog.Of(tenant, at)).Distinct())
        {
            await foreach (var stored in reader.EventsAsync(month, CancellationToken.None))
            {
                events.Add(stored.Stamped);
            }
        }

        return [.. events.OrderBy(stamped => stamped.Entry.Id.ToString(), StringComparer.Ordinal)];
    }

    /// <summary>The events of one request, in the tenant's log or in the platform's.</summary>
    public static async Task<List<AuditEntry>> EventsOfAsync(this HttpResponseMessage response, TenantId log, string? databaseUrl = null)
    {
        var request = response.Headers.GetValues("X-Request-Id").Single();
        return [.. (await EventsAsync(databaseUrl ?? App.DatabaseUrl, log)).Select(stamped => stamped.Entry).Where(entry => entry.Request == request)];
    }

    public static async Task<NpgsqlConnection> OpenAsync(string databaseUrl)
    {
        var auditor = await DatabaseAccess.OpenSuperuserConnectionAsync(databaseUrl);
        await auditor.ExecuteAsync($"SET ROLE {DatabaseRoles.Auditor}");
        return auditor;
    }
}
