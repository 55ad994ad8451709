namespace HipaaTemplate.Platform.Secrets.Services;

/// <param name="Value">What was lent.</param>
/// <param name="Duration">From the moment that it was asked for.</param>
internal sealed record Lease<T>(T Value, TimeSpan Duration);

/// <summary>
/// Something that a service lends for a time: asked for once for however many want it, renewed in the
/// background well before its end, and waited for when there is none.
/// </summary>
internal sealed class Leased<T> : IDisposable
    where T : class
{
    /// <summary>Of the duration: renewed from here on, and leaves time for several attempts.</summary>
    private const double RenewAt = 0.6;

    /// <summary>Of the duration: not handed out from here on; what it is used for takes its time too.</summary>
    private const double UsableUntil = 0.9;

    private const int SecondsOfDay = 24 * 60 * 60;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);

    /// <summary>Some services lock out who is refused again and again.</summary>
    private static readonly TimeSpan PauseAfterRefusal = TimeSpan.FromSeconds(10);

    private readonly Func<T?, CancellationToken, Task<Lease<T>>> obtain;
    private readonly TimeProvider time;
    private readonly ITimer timer;
    private readonly CancellationTokenSource disposed = new();
    private readonly CancellationToken end;
    private readonly Lock gate = new();
    private volatile Held? held;
    private volatile Failure? failed;
    private Task<Held>? obtaining;

    /// <param name="obtain">Given what is held while it may still be used, or null. Throws <see cref="ServiceException"/>.</param>
    /// <param name="time">Durations are counted by its clock that does not go back.</param>
    public Leased(Func<T?, CancellationToken, Task<Lease<T>>> obtain, TimeProvider time)
    {
        this.obtain = obtain;
        this.time = time;
        end = disposed.Token;
        // What nobody uses for a while is to last as well.
        timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <exception cref="ServiceException">There is none that may be used, and none to be had.</exception>
    public ValueTask<T> GetAsync(CancellationToken ct)
    {
        if (held is not { } known || AgeOf(known) >= UsableUntil)
        {
            return WaitAsync(ct);
        }

        if (AgeOf(known) >= RenewAt)
        {
            _ = TryRenew();
        }

        return ValueTask.FromResult(known.Value);
    }

    /// <summary>It turned out to be no good, and is not handed out any more.</summary>
    public void Drop(T value)
    {
        lock (gate)
        {
            if (ReferenceEquals(held?.Value, value))
            {
                held = null;
            }
        }
    }

    /// <summary>How much is left of what is held.</summary>
    public TimeSpan Rest => held is { } known ? known.Duration - time.GetElapsedTime(known.Began) : TimeSpan.Zero;

    public void Dispose()
    {
        disposed.Cancel();
        timer.Dispose();
        disposed.Dispose();
    }

    private double AgeOf(Held known) => time.GetElapsedTime(known.Began) / known.Duration;

    private async ValueTask<T> WaitAsync(CancellationToken ct)
    {
        if (failed is { Exception.Fault: ServiceFault.Refused } refusal && IsWithin(PauseAfterRefusal, refusal))
        {
            throw new ServiceException(ServiceFault.Refused, refusal.Exception.Reason, refusal.Exception);
        }

        return (await Obtain().WaitAsync(ct)).Value;
    }

    private void OnTimer()
    {
        if (held is not { } known)
        {
            return;
        }

        var early = known.Duration * RenewAt - time.GetElapsedTime(known.Began);
        if (early > TimeSpan.Zero || !TryRenew())
        {
            Schedule(early);
        }
    }

    private bool TryRenew()
    {
        if (failed is { } failure && IsWithin(PauseAfterFailure, failure))
        {
            return false;
        }

        // Nobody waits for it: what went wrong is logged where it did, and what is held is used on.
        _ = Obtain().ContinueWith(
            static task => task.Exception, CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return true;
    }

    private bool IsWithin(TimeSpan pause, Failure failure) => time.GetElapsedTime(failure.At) < pause;

    private Task<Held> Obtain()
    {
        lock (gate)
        {
            if (obtaining is { IsCompleted: false })
            {
                return obtaining;
            }

            // Another caller's may have arrived since this one looked.
            if (held is { } known && AgeOf(known) < RenewAt)
            {
                return Task.FromResult(known);
            }

            var current = held is { } old && AgeOf(old) < UsableUntil ? old.Value : null;
            // Of nobody's request: the others wait for it too.
            return obtaining = Task.Run(() => ObtainAsync(current));
        }
    }

    private async Task<Held> ObtainAsync(T? current)
    {
        var began = time.GetTimestamp();
        try
        {
            var lease = await obtain(current, end);
            var obtained = new Held(lease.Value, began, lease.Duration);
            lock (gate)
            {
                held = obtained;
            }

            failed = null;
            Schedule(lease.Duration * RenewAt);
            return obtained;
        }
        catch (ServiceException e)
        {
            failed = new Failure(e, time.GetTimestamp());
            if (current is not null)
            {
                Schedule(PauseAfterFailure);
            }

            throw;
        }
    }

    /// <summary>A timer's own limit is 49 days, and one that is late by a second is not late.</summary>
    private void Schedule(TimeSpan after) =>
        timer.Change(TimeSpan.FromSeconds(Math.Clamp(after.TotalSeconds, 1, SecondsOfDay)), Timeout.InfiniteTimeSpan);

    private sealed record Held(T Value, long Began, TimeSpan Duration);

    private sealed record Failure(ServiceException Exception, long At);
}
