using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>
/// Looks through what was sealed since the last time, and raises alerts. It may be stopped anywhere: what it did
/// is one transaction. Several may try; one does it.
/// </summary>
internal sealed partial class AlertWatcher(
    AlertStore store, WatchReader reader, AlertRules rules, AlertMetrics metrics, IOptionsMonitor<AlertSettings> settings, TimeProvider time, ILogger<AlertWatcher> logger)
{
    /// <returns>Whether there may be more; null while another process is at it.</returns>
    public async Task<bool?> LookAsync(CancellationToken ct)
    {
        await using var work = await store.TryBeginAsync(ct);
        if (work is null)
        {
            return null;
        }

        var growths = await reader.GrowthAsync(work.Head, ct);
        if (growths.Count == 0)
        {
            return false;
        }

        List<(TenantId Tenant, List<Finding> Findings)> found = [];
        foreach (var tenant in growths.GroupBy(growth => growth.Log.Tenant))
        {
            if (await LookAsync(work, tenant.Key, [.. tenant], ct) is { Count: > 0 } findings)
            {
                found.Add((tenant.Key, findings));
            }
        }

        // Only now is anything locked or written: the sealer waits for transactions that write.
        List<(TenantId Tenant, AuditAlert Alert)> raised = [];
        foreach (var (tenant, findings) in found)
        {
            var book = new AlertBook(
                await work.OpenAlertsAsync(tenant, findings, ct), time.GetUtcNow(), settings.CurrentValue.WebhookUrl is null ? null : time.GetUtcNow());
            book.Enter(findings);
            await work.SaveAsync(tenant, book.Changed, ct);
            raised.AddRange(book.Raised.Select(alert => (tenant, alert)));
        }

        await work.CommitAsync(growths[^1].Head + 1, [.. raised.Select(one => one.Tenant).Distinct()], ct);
        foreach (var (tenant, alert) in raised)
        {
            Raised(logger, alert.Id, alert.Rule, tenant);
            metrics.Raised(alert.Rule);
        }

        return true;
    }

    private async Task<List<Finding>> LookAsync(AlertStore.AlertWork work, TenantId tenant, IReadOnlyList<LogGrowth> growths, CancellationToken ct)
    {
        var fresh = await reader.SealedAsync(tenant, growths, ct);
        if (fresh.Count < growths.Sum(growth => growth.Size - growth.Before))
        {
            Missing(logger, growths.Sum(growth => growth.Size - growth.Before) - fresh.Count, tenant);
        }

        var before = await reader.AroundAsync(tenant, work.Head, fresh, AlertRules.Memory, ct);
        // In the order of time; of those at the same moment the new ones last.
        List<SeenEvent> all = [.. before.Concat(fresh).OrderBy(one => one.At)];
        var watched = await work.WatchedAsync(tenant, [.. fresh.SelectMany(one => one.Patients).Distinct()], ct);
        return rules.Look(new SeenEvents(fresh, all, watched));
    }

    [LoggerMessage(1620, LogLevel.Warning, "SECURITY: alert {AlertId} was raised by the rule {Rule} in tenant {TenantId}")]
    private static partial void Raised(ILogger logger, Guid alertId, AlertRule rule, TenantId tenantId);

    [LoggerMessage(1621, LogLevel.Critical, "SECURITY: {Count} events of tenant {TenantId} were sealed and are not there any more")]
    private static partial void Missing(ILogger logger, long count, TenantId tenantId);
}
