namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The time in PostgreSQL's resolution, microseconds: what a new row is answered with is then what
/// it reads as later.
/// </summary>
internal sealed class DatabaseClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow()
    {
        var now = base.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
