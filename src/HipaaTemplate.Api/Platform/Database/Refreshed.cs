namespace HipaaTemplate.Platform.Database;

/// <summary>
/// A view of a small table that every request needs and none should wait for: read in the background while
/// the last reading may still be used, and waited for when it may not.
/// </summary>
/// <param name="load">Given the last value, or null. What it returns is shared by all callers.</param>
/// <param name="refreshAfter">The age at which a use begins a reading in the background.</param>
/// <param name="maximumAge">No value is handed out whose reading began longer ago.</param>
internal sealed partial class Refreshed<T>(
    Func<T?, CancellationToken, Task<T>> load,
    TimeSpan refreshAfter,
    TimeSpan maximumAge,
    TimeProvider time,
    ILogger logger)
    where T : class
{
    private readonly Lock gate = new();
    private volatile Reading? last;
    private Task<Reading>? loading;
    private int loads;

    /// <exception cref="Exception">What <c>load</c> throws, where its result had to be waited for.</exception>
    public ValueTask<T> GetAsync(CancellationToken ct)
    {
        if (last is { } known)
        {
            var age = time.GetElapsedTime(known.Began);
            if (age < refreshAfter)
            {
                return ValueTask.FromResult(known.Value);
            }

            if (age < maximumAge)
            {
                _ = Load();
                return ValueTask.FromResult(known.Value);
            }
        }

        return WaitAsync(ct);
    }

    /// <summary>Reads now, for whoever has just changed the table.</summary>
    public async Task<T> ReloadAsync(CancellationToken ct)
    {
        // One that is under way may have begun before the change.
        var before = Volatile.Read(ref loads);
        var reading = await Load().WaitAsync(ct);
        return (reading.Number > before ? reading : await Load().WaitAsync(ct)).Value;
    }

    private async ValueTask<T> WaitAsync(CancellationToken ct)
    {
        while (true)
        {
            var reading = await Load().WaitAsync(ct);
            if (time.GetElapsedTime(reading.Began) < maximumAge)
            {
                return reading.Value;
            }
        }
    }

    private Task<Reading> Load()
    {
        lock (gate)
        {
            // Of nobody's request: the others wait for it too.
            if (loading is null or { IsCompleted: true })
            {
                var number = ++loads;
                loading = Task.Run(() => LoadAsync(number));
            }

            return loading;
        }
    }

    private async Task<Reading> LoadAsync(int number)
    {
        var began = time.GetTimestamp();
        try
        {
            var value = await load(last?.Value, CancellationToken.None);
            return last = new Reading(value, began, number);
        }
        catch (Exception e)
        {
            LoadFailed(logger, typeof(T).Name, e);
            throw;
        }
    }

    [LoggerMessage(1411, LogLevel.Warning, "{view} could not be read from the database")]
    private static partial void LoadFailed(ILogger logger, string view, Exception exception);

    private sealed record Reading(T Value, long Began, int Number);
}
