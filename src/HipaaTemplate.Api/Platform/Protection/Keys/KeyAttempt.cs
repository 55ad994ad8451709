namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>One attempt to get keys, which all wait for who need them.</summary>
internal sealed class KeyAttempt
{
    private Task done = Task.CompletedTask;
    private Phase phase = new(IsAtService: false);

    private KeyAttempt()
    {
    }

    public bool IsUnderWay => !done.IsCompleted;

    /// <param name="work">It throws nothing.</param>
    public static KeyAttempt Start(Func<KeyAttempt, Task> work)
    {
        var attempt = new KeyAttempt();
        attempt.done = Task.Run(() => work(attempt));
        return attempt;
    }

    /// <summary>Asks the key service. What the database takes, before and after, tries nobody's patience.</summary>
    /// <param name="ask">With a deadline for each question.</param>
    /// <param name="ct">Of the attempt.</param>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(KeyRefresh.Deadline);
        Enter(isAtService: true);
        try
        {
            return await ask(deadline.Token);
        }
        finally
        {
            Enter(isAtService: false);
        }
    }

    /// <param name="patience">With the key service, over all that it is asked in this attempt while the caller waits.</param>
    /// <param name="time">That it is measured by.</param>
    /// <param name="ct">Of the caller.</param>
    /// <exception cref="TimeoutException">The key service did not answer in this time. The attempt goes on.</exception>
    public async Task WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        while (!done.IsCompleted)
        {
            var current = Volatile.Read(ref phase);
            var next = Task.WhenAny(current.Over.Task, done);
            if (!current.IsAtService)
            {
                await next.WaitAsync(ct);
                continue;
            }

            var began = time.GetTimestamp();
            await next.WaitAsync(patience, time, ct);
            var left = patience - time.GetElapsedTime(began);
            patience = left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        await done;
    }

    private void Enter(bool isAtService)
    {
        var before = phase;
        Volatile.Write(ref phase, new Phase(isAtService));
        before.Over.SetResult();
    }

    private sealed record Phase(bool IsAtService)
    {
        public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
