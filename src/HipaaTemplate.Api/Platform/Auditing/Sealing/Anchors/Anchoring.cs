using Npgsql;

namespace HipaaTemplate.Platform.Auditing.Sealing.Anchors;

/// <summary>Anchors each minute what was sealed. Whatever the place does, sealing goes on.</summary>
internal sealed partial class Anchoring(AuditAnchors anchors, AnchorLag lag, TimeProvider time, ILogger<Anchoring> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private bool isFailing;
    private bool isLate;

    public async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            await AnchorAsync(ct);
            await Task.Delay(Pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Throws nothing.</summary>
    public async Task AnchorAsync(CancellationToken ct)
    {
        try
        {
            var began = time.GetTimestamp();
            // Of several processes one does it; that none is new here says that all are there.
            if (await anchors.WriteAsync(ct) is not null)
            {
                lag.AllAnchoredAt(began);
                isFailing = false;
            }
        }
        catch (AnchorPlaceException e) when (e.IsRefusal)
        {
            if (lag.Refusal is null)
            {
                Refused(logger, e.Message);
            }

            lag.Refusal = e.Message;
        }
        catch (SealDamagedException e)
        {
            Damaged(logger, e);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is AnchorPlaceException or NpgsqlException)
        {
            if (!isFailing)
            {
                isFailing = true;
                Failed(logger, (e as AnchorPlaceException)?.Message ?? e.GetType().Name);
            }
        }

        if (lag.Lag >= AnchorLag.Warning != isLate)
        {
            isLate = !isLate;
            (isLate ? (Action<ILogger, double>)Late : InTime)(logger, lag.Lag.TotalSeconds);
        }
    }

    [LoggerMessage(1660, LogLevel.Error, "The audit trail cannot be anchored ({Reason}); it is tried each minute")]
    private static partial void Failed(ILogger logger, string reason);

    [LoggerMessage(1661, LogLevel.Critical, "SECURITY: {Reason}")]
    private static partial void Refused(ILogger logger, string reason);

    [LoggerMessage(1662, LogLevel.Critical, "SECURITY: what was anchored of the audit trail is not in the database")]
    private static partial void Damaged(ILogger logger, Exception exception);

    [LoggerMessage(1663, LogLevel.Warning, "The audit trail was not anchored for {Seconds} s")]
    private static partial void Late(ILogger logger, double seconds);

    [LoggerMessage(1664, LogLevel.Information, "The audit trail is anchored again, {Seconds} s ago")]
    private static partial void InTime(ILogger logger, double seconds);
}
