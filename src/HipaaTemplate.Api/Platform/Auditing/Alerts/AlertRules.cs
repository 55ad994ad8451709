namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>All rules.</summary>
internal sealed class AlertRules(IEnumerable<IAlertRule> rules)
{
    /// <summary>How far a rule looks from a new event, at most.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    /// <returns>In the order of time.</returns>
    public List<Finding> Look(SeenEvents events) =>
        [.. rules.SelectMany(rule => rule.Look(events)).OrderBy(finding => finding.Event.At).ThenBy(finding => finding.Event.Id)];
}
