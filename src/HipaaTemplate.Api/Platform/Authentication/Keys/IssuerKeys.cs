using HipaaTemplate.Platform.Authentication.Issuers;

namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>
/// The keys of one issuer, kept. They are read once for however many wait, in the background while the last
/// ones are still good, and inside the request that brings a key id which nobody here knows. A key that the
/// issuer withdrew is gone with the next reading.
/// </summary>
internal sealed partial class IssuerKeys(
    IssuerRegistration issuer,
    Func<CancellationToken, Task<IssuerDocument>> read,
    IssuerPatience patience,
    TimeProvider time,
    ILogger<IssuerKeys> logger)
{
    /// <summary>How long a withdrawn key may still be accepted while no unknown one turns up.</summary>
    public static readonly TimeSpan RefreshAfter = TimeSpan.FromMinutes(5);

    /// <summary>The longest life of a token: when the issuer has been away for so long, none of its tokens is left.</summary>
    public static readonly TimeSpan MaximumAge = TimeSpan.FromHours(24);

    /// <summary>After a reading that did not bring the key that was looked for: whoever invents ids cannot make us ask.</summary>
    public static readonly TimeSpan GapAfterMiss = TimeSpan.FromSeconds(30);

    /// <summary>After a reading that did: the issuer rotates its keys.</summary>
    public static readonly TimeSpan GapAfterFind = TimeSpan.FromSeconds(1);

    /// <summary>While nothing is known, and so nobody is let in; later a failure is one more miss.</summary>
    public static readonly TimeSpan GapAfterFailure = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    private readonly PacedWork readings = new(time);
    private volatile Reading? last;
    private volatile bool hasFailed;

    /// <summary>What was read last; null while there is nothing that may still be used.</summary>
    public IssuerDocument? Current
    {
        get
        {
            if (last is not { } known)
            {
                return null;
            }

            var age = time.GetElapsedTime(known.At);
            if (age >= RefreshAfter)
            {
                TryStart(keyId: null, out _);
            }

            return age < MaximumAge ? known.Document : null;
        }
    }

    /// <summary>Reads, if there is nothing yet, and waits for it a little.</summary>
    /// <returns>Null when the issuer could not be asked.</returns>
    public async ValueTask<IssuerDocument?> GetAsync(CancellationToken ct)
    {
        if (Current is { } known)
        {
            return known;
        }

        if (TryStart(keyId: null, out var task))
        {
            await JoinAsync(task, ct);
        }

        return Current;
    }

    public async ValueTask<KeyLookup> FindAsync(SignatureAlgorithm algorithm, string? keyId, CancellationToken ct)
    {
        if (await GetAsync(ct) is not { } known)
        {
            return KeyLookup.Unavailable;
        }

        if (known.Keys.Find(algorithm, keyId) is { } key)
        {
            return new KeyLookup(key, IsUnavailable: false);
        }

        if (keyId is null || known.Keys.HasId(keyId))
        {
            return KeyLookup.Unknown;
        }

        // Twice, because the reading that one joins may have begun before the key was published.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            var isAnswered = await ReadInTurnAsync(keyId, ct);
            if (Current?.Keys.Find(algorithm, keyId) is { } late)
            {
                return new KeyLookup(late, IsUnavailable: false);
            }

            if (!isAnswered || hasFailed)
            {
                return KeyLookup.Unavailable;
            }
        }

        return KeyLookup.Unknown;
    }

    /// <summary>A rotation may follow close upon another: its first request waits for its turn rather than be refused.</summary>
    /// <returns>False when the issuer takes longer than anybody here waits.</returns>
    private async Task<bool> ReadInTurnAsync(string keyId, CancellationToken ct)
    {
        if (TryStart(keyId, out var task))
        {
            return await JoinAsync(task, ct);
        }

        // It may be found while this request waits.
        while (readings.Rest is var rest && rest > TimeSpan.Zero && !IsKnown(keyId))
        {
            if (rest > GapAfterFind)
            {
                return true;
            }

            // Rounded up: a timer drops what is not a whole millisecond, and may be early by the other clock.
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(rest.TotalMilliseconds)), time, ct);
        }

        return IsKnown(keyId) || !TryStart(keyId, out task) || await JoinAsync(task, ct);
    }

    private bool IsKnown(string keyId) => last?.Document.Keys.HasId(keyId) is true;

    /// <param name="keyId">That is looked for; null when it is about the age of what there is.</param>
    /// <param name="task">The reading under way, or a new one.</param>
    /// <returns>False when it is too early for one.</returns>
    private bool TryStart(string? keyId, out Task task) => readings.TryStart(() => ReadAsync(keyId), out task);

    /// <returns>How long to leave the issuer alone.</returns>
    private async Task<TimeSpan> ReadAsync(string? soughtId)
    {
        try
        {
            using var timeout = new CancellationTokenSource(ReadTimeout);
            var document = await read(timeout.Token);
            last = new Reading(document, time.GetTimestamp());
            hasFailed = false;
            KeysRead(logger, issuer.Issuer, document.Keys.Count);
            return soughtId is null || document.Keys.HasId(soughtId) ? GapAfterFind : GapAfterMiss;
        }
        catch (IssuerDocumentException e)
        {
            return Failed(e.Message, null);
        }
        catch (Exception e)
        {
            // Whatever the document made some library throw: it is the issuer that is away, not the API.
            return Failed("unexpected", e);
        }
    }

    private TimeSpan Failed(string reason, Exception? unexpected)
    {
        hasFailed = true;
        KeysUnavailable(logger, issuer.Issuer, reason, unexpected);
        return last is null ? GapAfterFailure : GapAfterMiss;
    }

    /// <returns>False when it takes longer than anybody here waits.</returns>
    private async Task<bool> JoinAsync(Task task, CancellationToken ct)
    {
        try
        {
            await task.WaitAsync(patience.Wait, ct);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    [LoggerMessage(1401, LogLevel.Debug, "Keys of issuer {issuer} read: {count}")]
    private static partial void KeysRead(ILogger logger, string issuer, int count);

    [LoggerMessage(1402, LogLevel.Warning, "Keys of issuer {issuer} could not be read: {reason}")]
    private static partial void KeysUnavailable(ILogger logger, string issuer, string reason, Exception? unexpected);

    private sealed record Reading(IssuerDocument Document, long At);
}
