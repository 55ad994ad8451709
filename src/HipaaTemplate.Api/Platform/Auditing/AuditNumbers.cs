using System.Collections.Concurrent;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// Numbers the events of one writer, for each tenant from 0 and without a hole, so that one that is deleted is
/// missed. A number that was given and not seen stored is told in later events: it may be missing, and this
/// process may be killed before it knows.
/// </summary>
/// <param name="time">Of the events.</param>
/// <param name="isSerial">Whoever takes numbers stores them in order, all that are open at once or none.</param>
internal sealed class AuditNumbers(TimeProvider time, bool isSerial)
{
    private readonly ConcurrentDictionary<TenantId, Counter> counters = new();

    /// <summary>A process has several: their events do not wait for each other.</summary>
    public Guid Writer { get; } = Guid.CreateVersion7();

    /// <returns>
    /// The number, its time, which never goes back as numbers grow, so that a month has no holes, and the numbers
    /// before it that may be missing.
    /// </returns>
    public (long Number, DateTimeOffset At, IReadOnlyList<long> Void) Next(TenantId tenant)
    {
        var counter = counters.GetOrAdd(tenant, static _ => new Counter());
        lock (counter)
        {
            var now = time.GetUtcNow();
            counter.LastAt = now > counter.LastAt ? now : counter.LastAt;
            IReadOnlyList<long> untold = isSerial ? [.. counter.Failed] : [.. counter.Failed.Concat(counter.Open).Order()];
            counter.Open.Add(counter.Next);
            return (counter.Next++, counter.LastAt, untold);
        }
    }

    /// <summary>It is stored, and so is what it told.</summary>
    public void Stored(AuditEntry entry)
    {
        var counter = counters[entry.Tenant];
        lock (counter)
        {
            counter.Open.Remove(entry.Number);
            counter.Failed.ExceptWith(entry.Void);
        }
    }

    /// <summary>It is not, as far as is known.</summary>
    public void NotStored(AuditEntry entry)
    {
        var counter = counters[entry.Tenant];
        lock (counter)
        {
            counter.Open.Remove(entry.Number);
            counter.Failed.Add(entry.Number);
        }
    }

    private sealed class Counter
    {
        public long Next { get; set; }

        public DateTimeOffset LastAt { get; set; }

        public SortedSet<long> Open { get; } = [];

        public SortedSet<long> Failed { get; } = [];
    }
}
