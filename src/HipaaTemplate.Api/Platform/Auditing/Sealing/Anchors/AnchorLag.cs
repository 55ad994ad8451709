using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing.Anchors;

/// <summary>
/// How long this process has not seen all that is sealed anchored. Ten minutes are worth a line in the log; after a day
/// the API is not ready any more, and at once where the place is none. Where sealing is not this process's (AUDIT_SEAL), it does not know.
/// </summary>
internal sealed class AnchorLag : IHealthCheck
{
    public static readonly TimeSpan Warning = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan Limit = TimeSpan.FromDays(1);

    private readonly IOptions<AuditSettings> settings;
    private readonly TimeProvider time;
    private long anchoredAt;

    public AnchorLag(IOptions<AuditSettings> settings, TimeProvider time, IMeterFactory meters)
    {
        this.settings = settings;
        this.time = time;
        anchoredAt = time.GetTimestamp();
        meters.Create(SealLag.MeterName).CreateObservableGauge(
            "audit.anchor.lag", () => IsOurs ? [new Measurement<double>(Lag.TotalSeconds)] : Array.Empty<Measurement<double>>(), "s", "Since all that is sealed was anchored");
    }

    public TimeSpan Lag => time.GetElapsedTime(Volatile.Read(ref anchoredAt));

    /// <summary>Why nothing is put there; null while it may be.</summary>
    public string? Refusal { get; set; }

    private bool IsOurs => settings.Value is { Seal: true } and ({ AnchorBucket: not null } or { AnchorDirectory: not null });

    /// <param name="timestamp">All that was sealed at this moment of the time provider is anchored.</param>
    public void AllAnchoredAt(long timestamp)
    {
        Refusal = null;
        Volatile.Write(ref anchoredAt, timestamp);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult((IsOurs, Refusal) switch
        {
            (false, _) => HealthCheckResult.Healthy(),
            (true, { } refusal) => HealthCheckResult.Unhealthy(refusal),
            _ when Lag >= Limit => HealthCheckResult.Unhealthy("The audit trail was not anchored for a day; the log says why."),
            _ => HealthCheckResult.Healthy(),
        });
}
