using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>
/// How long this process has not seen all events sealed, by itself or by another one. A minute is worth a line in the log;
/// after ten the API is not ready any more: who changed an event meanwhile would be found by its MAC alone. Where
/// sealing is not this process's (AUDIT_SEAL), it does not know.
/// </summary>
internal sealed class SealLag : IHealthCheck, IDisposable
{
    public const string MeterName = "HipaaTemplate.Audit";

    public static readonly TimeSpan Warning = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly IOptions<AuditSettings> settings;
    private readonly TimeProvider time;
    private readonly Meter meter;
    private long sealedAt;

    public SealLag(IOptions<AuditSettings> settings, TimeProvider time, IMeterFactory meters)
    {
        this.settings = settings;
        this.time = time;
        sealedAt = time.GetTimestamp();
        meter = meters.Create(MeterName);
        meter.CreateObservableGauge("audit.seal.lag", () => Lag.TotalSeconds, "s", "Since all events were sealed");
    }

    public TimeSpan Lag => time.GetElapsedTime(Volatile.Read(ref sealedAt));

    /// <summary>All that was stored before this moment is sealed.</summary>
    /// <param name="timestamp">Of the time provider.</param>
    public void AllSealedAt(long timestamp) => Volatile.Write(ref sealedAt, timestamp);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(!settings.Value.Seal || Lag < Limit
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The audit trail was not sealed for ten minutes; the log says why."));

    public void Dispose() => meter.Dispose();
}
