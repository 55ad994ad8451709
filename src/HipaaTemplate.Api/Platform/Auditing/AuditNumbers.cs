using System.Collections.Concurrent;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// Numbers this process's events, for each tenant from 0 and without a hole, so that one that is deleted is
/// missed. A number whose transaction was not seen to commit is told in the next event: it may be missing.
/// </summary>
internal sealed class AuditNumbers(TimeProvider time)
{
    private readonly ConcurrentDictionary<TenantId, Counter> counters = new();

    /// <summary>Names the process.</summary>
    public Guid Writer { get; } = Guid.CreateVersion7();

    /// <returns>
    /// The number, its time, which never goes back as numbers grow, so that a month has no holes, and the numbers
    /// that are void and were not told yet.
    /// </returns>
    public (long Number, DateTimeOffset At, IReadOnlyList<long> Void) Next(TenantId tenant)
    {
        var counter = counters.GetOrAdd(tenant, static _ => new Counter());
        lock (counter)
        {
            var untold = counter.Void;
            counter.Void = [];
            var now = time.GetUtcNow();
            counter.LastAt = now > counter.LastAt ? now : counter.LastAt;
            return (counter.Next++, counter.LastAt, untold);
        }
    }

    /// <summary>The event may not have been stored, and so what it told may not have been told.</summary>
    public void Void(AuditEntry entry)
    {
        var counter = counters[entry.Tenant];
        lock (counter)
        {
            counter.Void = [.. counter.Void, .. entry.Void, entry.Number];
        }
    }

    private sealed class Counter
    {
        public long Next { get; set; }

        public DateTimeOffset LastAt { get; set; }

        public IReadOnlyList<long> Void { get; set; } = [];
    }
}
