namespace HipaaTemplate.Tests.Harness;

/// <summary>A clock that moves when a test says so. Timers still run on the machine's.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long ticks = System.GetUtcNow().Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref ticks);
}
