using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HipaaTemplate.Platform.Health;

/// <summary>
/// Runs the checks at most once a second, however many probes ask, and writes to the log which one
/// changed. Callers learn only whether none is red; one that is degraded is a warning in the log.
/// </summary>
internal sealed partial class ReadinessProbe(
    HealthCheckService checks, TimeProvider time, ILogger<ReadinessProbe> logger) : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim oneAtATime = new(1);
    private Dictionary<string, HealthStatus> lastStatus = [];
    private long checkedAt;
    private bool? isReady;

    public async Task<bool> IsReadyAsync(CancellationToken ct)
    {
        await oneAtATime.WaitAsync(ct);
        try
        {
            if (isReady is null || time.GetElapsedTime(checkedAt) >= Freshness)
            {
                // Not the caller's token: a probe that hangs up must not turn the result red.
                var report = await checks.CheckHealthAsync(CancellationToken.None);
                LogChanges(report);
                isReady = report.Status != HealthStatus.Unhealthy;
                checkedAt = time.GetTimestamp();
            }

            return isReady.Value;
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    public void Dispose() => oneAtATime.Dispose();

    private void LogChanges(HealthReport report)
    {
        foreach (var (name, entry) in report.Entries)
        {
            var before = lastStatus.GetValueOrDefault(name, HealthStatus.Healthy);
            if (entry.Status == before)
            {
                continue;
            }

            if (entry.Status == HealthStatus.Healthy)
            {
                Recovered(logger, name);
            }
            else if (entry.Status == HealthStatus.Degraded)
            {
                Degraded(logger, name, entry.Description);
            }
            else
            {
                // A check's own description is ours; an exception's message is not.
                Failed(logger, name, entry.Exception is null ? entry.Description : entry.Exception.GetType().Name);
            }
        }

        lastStatus = report.Entries.ToDictionary(e => e.Key, e => e.Value.Status);
    }

    [LoggerMessage(1201, LogLevel.Warning, "Readiness check {check} failed: {reason}")]
    private static partial void Failed(ILogger logger, string check, string? reason);

    [LoggerMessage(1203, LogLevel.Warning, "Readiness check {check} warns: {reason}")]
    private static partial void Degraded(ILogger logger, string check, string? reason);

    [LoggerMessage(1202, LogLevel.Information, "Readiness check {check} is green again")]
    private static partial void Recovered(ILogger logger, string check);
}
