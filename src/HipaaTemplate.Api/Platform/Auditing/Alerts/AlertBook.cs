namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>
/// Makes alerts of findings. What a rule finds about the same user within its window after what it found last
/// belongs to the same alert, as long as nobody has signed that off.
/// </summary>
/// <param name="open">Alerts that nobody has signed off.</param>
/// <param name="now">When these are raised.</param>
/// <param name="deliverAt">Null where there is nobody to tell.</param>
internal sealed class AlertBook(IEnumerable<AuditAlert> open, DateTimeOffset now, DateTimeOffset? deliverAt)
{
    private readonly Dictionary<(AlertRule, string), AuditAlert> latest = open
        .GroupBy(alert => (alert.Rule, alert.Subject)).ToDictionary(group => group.Key, group => group.MaxBy(alert => alert.LastAt)!);

    private readonly HashSet<AuditAlert> changed = [];

    /// <summary>Those that are new.</summary>
    public List<AuditAlert> Raised { get; } = [];

    /// <summary>Those that are new or have grown.</summary>
    public IReadOnlyCollection<AuditAlert> Changed => changed;

    /// <param name="findings">In the order of time.</param>
    public void Enter(IEnumerable<Finding> findings)
    {
        foreach (var finding in findings)
        {
            if (latest.GetValueOrDefault((finding.Rule, finding.Subject)) is { } alert && finding.Event.At - alert.LastAt < finding.Window)
            {
                TakeIn(alert, finding);
            }
            else
            {
                latest[(finding.Rule, finding.Subject)] = alert = Raise(finding);
                Raised.Add(alert);
            }

            changed.Add(alert);
        }
    }

    private static void TakeIn(AuditAlert alert, Finding finding)
    {
        // Events may be sealed out of the order of time.
        if (finding.Event.At >= alert.LastAt)
        {
            (alert.LastAt, alert.LastEventId) = (finding.Event.At, finding.Event.Id);
        }

        alert.Events++;
        alert.Patients = [.. alert.Patients.Union(finding.Patients).Take(AuditAlert.MostPatients)];
        alert.PatientCount = Math.Max(alert.PatientCount, Math.Max(finding.Patients.Count, alert.Patients.Length));
    }

    private AuditAlert Raise(Finding finding) => new()
    {
        Id = Guid.CreateVersion7(now),
        Rule = finding.Rule,
        Subject = finding.Subject,
        RaisedAt = now,
        FirstEventId = finding.Event.Id,
        FirstAt = finding.Event.At,
        LastEventId = finding.Event.Id,
        LastAt = finding.Event.At,
        Events = 1,
        PatientCount = finding.Patients.Count,
        Patients = [.. finding.Patients.Take(AuditAlert.MostPatients)],
        NextAttemptAt = deliverAt,
    };
}
