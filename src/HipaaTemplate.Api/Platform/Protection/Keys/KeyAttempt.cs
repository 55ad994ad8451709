namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>One attempt to get keys, which all wait for who need them.</summary>
internal sealed class KeyAttempt
{
    private readonly TaskCompletionSource asking = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task done = Task.CompletedTask;

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

    /// <summary>The key service is asked now; what was read of the database before tries nobody's patience.</summary>
    public void Asking() => asking.TrySetResult();

    /// <exception cref="TimeoutException">The key service did not answer in this time. The attempt goes on.</exception>
    public async Task WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        await Task.WhenAny(asking.Task, done).WaitAsync(ct);
        await done.WaitAsync(patience, time, ct);
    }
}
