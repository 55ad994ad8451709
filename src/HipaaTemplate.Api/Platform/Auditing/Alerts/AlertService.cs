using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>Looks for alerts, and delivers them, for as long as the process lives. A webhook that is slow holds up no rule.</summary>
internal sealed partial class AlertService(
    AlertWatcher watcher, AlertDeliveries deliveries, AlertMetrics metrics, IOptions<AlertSettings> settings, TimeProvider time, ILogger<AlertService> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>From then on an alert cannot come within the minute that is promised.</summary>
    private static readonly TimeSpan Warning = TimeSpan.FromMinutes(1);

    private bool isLate;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => settings.Value.IsOn
        ? Task.WhenAll(RepeatAsync(LookAsync, stoppingToken), RepeatAsync(deliveries.DeliverAsync, stoppingToken))
        : Task.CompletedTask;

    private async Task RepeatAsync(Func<CancellationToken, Task<bool>> work, CancellationToken ct)
    {
        var isFailing = false;
        while (!ct.IsCancellationRequested)
        {
            var isMore = false;
            try
            {
                isMore = await work(ct);
                isFailing = false;
            }
#pragma warning disable CA1031 // Whatever it is: that alerts do not work is no reason to stop serving, and it is tried again.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (!isFailing && !ct.IsCancellationRequested)
                {
                    Failed(logger, e);
                }

                isFailing = true;
            }

            if (!isMore)
            {
                await Task.Delay(Pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<bool> LookAsync(CancellationToken ct)
    {
        try
        {
            var began = time.GetTimestamp();
            var isMore = await watcher.LookAsync(ct);
            if (isMore is false)
            {
                metrics.AllLookedAt(began);
            }

            return isMore is true;
        }
        finally
        {
            if (metrics.Lag >= Warning != isLate)
            {
                isLate = !isLate;
                (isLate ? (Action<ILogger, double>)Late : InTime)(logger, metrics.Lag.TotalSeconds);
            }
        }
    }

    [LoggerMessage(1622, LogLevel.Error, "Alerts of the audit trail cannot be looked for or delivered; it is tried every two seconds")]
    private static partial void Failed(ILogger logger, Exception exception);

    [LoggerMessage(1623, LogLevel.Warning, "Nobody has looked through all of the audit trail for alerts for {Seconds} s")]
    private static partial void Late(ILogger logger, double seconds);

    [LoggerMessage(1624, LogLevel.Information, "The audit trail is looked through for alerts again, {Seconds} s ago")]
    private static partial void InTime(ILogger logger, double seconds);
}
