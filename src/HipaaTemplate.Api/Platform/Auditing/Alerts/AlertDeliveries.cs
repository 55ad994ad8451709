using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>
/// Delivers alerts to the webhook: each at least once, with the same id however often, for about a day. The alert
/// itself is the entry in the outbox, so it cannot be raised and forgotten.
/// </summary>
internal sealed partial class AlertDeliveries(
    AlertStore store, IDbContextFactory<AppDbContext> contexts, AlertWebhook webhook, AlertMetrics metrics, TimeProvider time, ILogger<AlertDeliveries> logger)
{
    /// <summary>After this an alert is not delivered any more, and the log says so.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromHours(24);

    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>Whoever claimed a delivery and did not come to an end of it has died.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(1);

    private const int MostAtOnce = 20;

    /// <summary>Until the first that is not taken: nobody else would be either.</summary>
    /// <returns>Whether there may be more that can be delivered.</returns>
    public async Task<bool> DeliverAsync(CancellationToken ct)
    {
        if (!webhook.IsConfigured)
        {
            return false;
        }

        var isMore = false;
        foreach (var tenant in await store.AlertedTenantsAsync(ct))
        {
            // No unit of work: the platform has no keys that one would ask for.
            await using var db = await contexts.CreateDbContextAsync(ct);
            db.SetTenant(tenant);
            var now = time.GetUtcNow();
            var due = await db.Set<AuditAlert>().AsNoTracking()
                .Where(alert => alert.NextAttemptAt <= now).OrderBy(alert => alert.NextAttemptAt).Take(MostAtOnce).ToListAsync(ct);
            foreach (var alert in due)
            {
                if (!await DeliverAsync(db, tenant, alert, ct))
                {
                    return false;
                }
            }

            isMore |= due.Count == MostAtOnce;
        }

        return isMore;
    }

    /// <returns>False when it was not taken.</returns>
    private async Task<bool> DeliverAsync(AppDbContext db, TenantId tenant, AuditAlert alert, CancellationToken ct)
    {
        var claimed = time.GetUtcNow() + Claim;
        if (await db.Set<AuditAlert>().Where(row => row.Id == alert.Id && row.NextAttemptAt == alert.NextAttemptAt)
            .ExecuteUpdateAsync(row => row.SetProperty(a => a.NextAttemptAt, claimed).SetProperty(a => a.Attempts, a => a.Attempts + 1), ct) == 0)
        {
            // Another process has it.
            return true;
        }

        var isTaken = await webhook.SendAsync(tenant, alert, ct);
        var now = time.GetUtcNow();
        DateTimeOffset? next = isTaken ? null : now + PauseAfter(alert.Attempts + 1);
        var isGivenUp = !isTaken && next - alert.RaisedAt > Limit;
        DateTimeOffset? delivered = isTaken ? now : null;
        next = isGivenUp ? null : next;
        await db.Set<AuditAlert>().Where(row => row.Id == alert.Id && row.NextAttemptAt == claimed)
            .ExecuteUpdateAsync(row => row.SetProperty(a => a.NextAttemptAt, next).SetProperty(a => a.DeliveredAt, delivered), ct);
        if (isGivenUp)
        {
            NotDelivered(logger, alert.Id, tenant);
            metrics.Undelivered();
        }

        return isTaken;
    }

    /// <summary>Twice as long each time, and a fifth more or less, so that not all come back at once.</summary>
    /// <param name="attempts">That have failed.</param>
    public static TimeSpan PauseAfter(int attempts)
    {
        var pause = Math.Min(FirstPause.TotalSeconds * Math.Pow(2, Math.Min(attempts - 1, 20)), LongestPause.TotalSeconds);
#pragma warning disable CA5394 // Nobody gains anything by knowing it.
        return TimeSpan.FromSeconds(pause * (0.8 + (0.4 * Random.Shared.NextDouble())));
#pragma warning restore CA5394
    }

    [LoggerMessage(1625, LogLevel.Critical, "SECURITY: the webhook did not take alert {AlertId} of tenant {TenantId} within a day; it is not delivered any more")]
    private static partial void NotDelivered(ILogger logger, Guid alertId, TenantId tenantId);
}
