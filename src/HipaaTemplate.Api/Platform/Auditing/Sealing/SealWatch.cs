using System.Collections.Concurrent;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>
/// Remembers each event that this process has stored until it is sealed as it was stored. Who removes or changes
/// the last events before they are sealed leaves no other trace: nobody else knows of them.
/// </summary>
internal sealed partial class SealWatch(SealStore store, SealLag lag, IOptions<AuditSettings> settings, TimeProvider time, ILogger<SealWatch> logger)
{
    /// <summary>Sealing takes a second or two.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<(StampedEntry Event, long StoredAt)> stored = new();

    public void Stored(StampedEntry entry)
    {
        // Where sealing is not this process's, nothing would ever take it out again.
        if (settings.Value.Seal)
        {
            stored.Enqueue((entry, time.GetTimestamp()));
        }
    }

    /// <returns>How many events were not sealed in time, or not as they were stored; each is a security event.</returns>
    public async Task<int> CheckAsync(CancellationToken ct)
    {
        // While nothing is sealed at all, that is what is wrong.
        List<StampedEntry> due = [];
        while (lag.Lag < Patience && stored.TryPeek(out var first) && time.GetElapsedTime(first.StoredAt) >= Patience && stored.TryDequeue(out first))
        {
            due.Add(first.Event);
        }

        if (due.Count == 0)
        {
            return 0;
        }

        var leaves = await store.LeafHashesAsync([.. due.Select(stamped => stamped.Entry.Id)], ct);
        var wrong = due.Where(stamped =>
            !leaves.TryGetValue((stamped.Entry.Tenant, stamped.Entry.Id), out var leafHash) || !leafHash.AsSpan().SequenceEqual(stamped.LeafHash)).ToList();
        foreach (var stamped in wrong)
        {
            NotSealed(logger, stamped.Entry.Tenant, stamped.Entry.Id);
        }

        return wrong.Count;
    }

    [LoggerMessage(1614, LogLevel.Critical, "SECURITY: event {Event} of the audit trail of tenant {TenantId} was stored and is not sealed as it was")]
    private static partial void NotSealed(ILogger logger, TenantId tenantId, Guid @event);
}
