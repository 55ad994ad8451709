namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>
/// Work that is done once for however many ask for it at the same time, and not again before a pause, whose
/// length each run decides by how it went.
/// </summary>
internal sealed class PacedWork(TimeProvider time)
{
    private readonly Lock gate = new();
    private Task current = Task.CompletedTask;
    private long restsUntil;

    /// <summary>How much of the pause is left; not positive when there is none.</summary>
    public TimeSpan Rest => TimeSpan.FromTicks(Volatile.Read(ref restsUntil) - Now());

    /// <param name="work">Returns how long to pause after it. It belongs to no request, and goes on when the one that began it is given up.</param>
    /// <param name="task">The run under way, or a new one.</param>
    /// <returns>False during the pause.</returns>
    public bool TryStart(Func<Task<TimeSpan>> work, out Task task)
    {
        lock (gate)
        {
            if (current.IsCompleted)
            {
                if (Rest > TimeSpan.Zero)
                {
                    task = current;
                    return false;
                }

                current = Task.Run(() => RunAsync(work));
            }

            task = current;
            return true;
        }
    }

    private async Task RunAsync(Func<Task<TimeSpan>> work)
    {
        var pause = await work();
        Volatile.Write(ref restsUntil, Now() + pause.Ticks);
    }

    /// <summary>Of the clock that does not go back, in the ticks of a <see cref="TimeSpan"/>.</summary>
    private long Now() => time.GetElapsedTime(0).Ticks;
}
