using System.Diagnostics.Metrics;
using HipaaTemplate.Platform.Auditing.Sealing;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>How many alerts there were, how many could not be delivered, and how long nobody has looked.</summary>
internal sealed class AlertMetrics : IDisposable
{
    private readonly TimeProvider time;
    private readonly Meter meter;
    private readonly Counter<long> raised;
    private readonly Counter<long> undelivered;
    private long lookedAt;

    public AlertMetrics(TimeProvider time, IMeterFactory meters)
    {
        this.time = time;
        lookedAt = time.GetTimestamp();
        meter = meters.Create(SealLag.MeterName);
        raised = meter.CreateCounter<long>("audit.alerts", description: "Alerts that were raised, by rule");
        undelivered = meter.CreateCounter<long>("audit.alerts.undelivered", description: "Alerts that the webhook did not take within a day");
        meter.CreateObservableGauge("audit.alert.lag", () => Lag.TotalSeconds, "s", "Since all sealed events were looked at for alerts");
    }

    /// <summary>How long this process has not seen all sealed events looked at, by itself or by another one.</summary>
    public TimeSpan Lag => time.GetElapsedTime(Volatile.Read(ref lookedAt));

    /// <param name="timestamp">All that was sealed before this moment was looked at.</param>
    public void AllLookedAt(long timestamp) => Volatile.Write(ref lookedAt, timestamp);

    public void Raised(AlertRule rule) => raised.Add(1, new KeyValuePair<string, object?>("rule", rule.Word()));

    public void Undelivered() => undelivered.Add(1);

    public void Dispose() => meter.Dispose();
}
