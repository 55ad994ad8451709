using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>Seals each second, and anchors each minute what was sealed, for as long as the process lives.</summary>
internal sealed partial class SealingService(
    Sealer sealer, PartitionUpkeep partitions, Anchoring anchoring, SealWatch watch, SealLag lag, IOptions<AuditSettings> settings, TimeProvider time, ILogger<SealingService> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private bool isFailing;
    private bool isLate;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Value.Seal)
        {
            await Task.WhenAll(SealAllAsync(stoppingToken), anchoring.RunAsync(stoppingToken));
        }
    }

    private async Task SealAllAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var isMore = await TryAsync(SealAsync, stoppingToken);
            if (lag.Lag >= SealLag.Warning != isLate)
            {
                isLate = !isLate;
                (isLate ? (Action<ILogger, double>)Late : InTime)(logger, lag.Lag.TotalSeconds);
            }

            if (isMore is not true)
            {
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <returns>Whether more is to be done at once.</returns>
    private async Task<bool> SealAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var count = await sealer.SealAsync(ct);
        if (count < Sealer.MostAtOnce)
        {
            lag.AllSealedAt(began);
        }

        await watch.CheckAsync(ct);
        await partitions.ExtendAsync(ct);
        return count == Sealer.MostAtOnce;
    }

    /// <returns>Null when it failed.</returns>
    private async Task<bool?> TryAsync(Func<CancellationToken, Task<bool>> work, CancellationToken ct)
    {
        try
        {
            var result = await work(ct);
            isFailing = false;
            return result;
        }
        catch (Exception e) when (e is NpgsqlException or PhiException or KeyProviderException)
        {
            if (!isFailing)
            {
                isFailing = true;
                Failed(logger, e);
            }

            return null;
        }
        catch (SealDamagedException e)
        {
            Damaged(logger, e);
            return null;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return null;
        }
    }

    [LoggerMessage(1610, LogLevel.Error, "The audit trail cannot be sealed; it is tried each second")]
    private static partial void Failed(ILogger logger, Exception exception);

    [LoggerMessage(1611, LogLevel.Critical, "SECURITY: what was sealed of the audit trail was changed")]
    private static partial void Damaged(ILogger logger, Exception exception);

    [LoggerMessage(1612, LogLevel.Warning, "The audit trail was not sealed for {Seconds} s")]
    private static partial void Late(ILogger logger, double seconds);

    [LoggerMessage(1613, LogLevel.Information, "The audit trail is sealed again, {Seconds} s ago")]
    private static partial void InTime(ILogger logger, double seconds);
}
