using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>Keeps the months to come from running out of partitions, wherever something seals.</summary>
internal sealed class PartitionUpkeep(SealStore store, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortPause = TimeSpan.FromMinutes(1);

    private long? nextAt;

    /// <summary>Once an hour; the other times nothing.</summary>
    public async Task ExtendAsync(CancellationToken ct)
    {
        var now = time.GetTimestamp();
        if (nextAt > now)
        {
            return;
        }

        // At first, so that one that fails is not tried each second.
        nextAt = now + TicksOf(ShortPause);
        if (await store.TryExtendAsync(ct))
        {
            nextAt = now + TicksOf(Pause);
        }
    }

    private long TicksOf(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
}
