namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>What the rules look at of an event.</summary>
internal sealed record SeenEvent(
    Guid Id,
    DateTimeOffset At,
    string Action,
    string Outcome,
    string ActorType,
    string? Actor,
    string? Address,
    string? Purpose,
    string? Detail,
    IReadOnlyList<Guid> Patients)
{
    private static readonly HashSet<string> Uses =
        [.. new[] { AuditAction.ReadRecords, AuditAction.ChangeRecords, AuditAction.SearchRecords }.Select(action => action.Word())];

    private static readonly string User = AuditActorType.User.Word();
    private static readonly string Refused = AuditOutcome.Refused.Word();

    /// <summary>The user who was shown, or changed, patients' data; null where nobody was.</summary>
    public string? UserOfPatients => Patients.Count > 0 && ActorType == User && Uses.Contains(Action) ? Actor : null;

    public string? RefusedUser => Outcome == Refused && ActorType == User ? Actor : null;
}

/// <summary>Events of one log, as the rules see them.</summary>
/// <param name="New">Each is new once.</param>
/// <param name="All">These, and what the same users or addresses did in <see cref="AlertRules.Memory"/> around them; in the order of time.</param>
/// <param name="Watched">Those of the patients of the new events that the tenant watches.</param>
internal sealed record SeenEvents(IReadOnlyList<SeenEvent> New, IReadOnlyList<SeenEvent> All, IReadOnlySet<Guid> Watched);

/// <summary>A new event that a rule says an alert is due for.</summary>
/// <param name="Subject">Whom the alert is about.</param>
internal sealed record Finding(AlertRule Rule, string Subject, SeenEvent Event, IReadOnlyCollection<Guid> Patients, TimeSpan Window);

internal interface IAlertRule
{
    IEnumerable<Finding> Look(SeenEvents events);
}
