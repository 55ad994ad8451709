using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts.Rules;

internal sealed class RefusalsRule(IOptions<AlertSettings> settings) : IAlertRule
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    public IEnumerable<Finding> Look(SeenEvents events) =>
        Repeated(AlertRule.Refusals, events, settings.Value.Refusals, one => one.RefusedUser);

    /// <param name="enough">How many are worth an alert; 0 for none at all.</param>
    /// <param name="subjectOf">Who was refused; null for an event that is no refusal.</param>
    public static IEnumerable<Finding> Repeated(AlertRule rule, SeenEvents events, int enough, Func<SeenEvent, string?> subjectOf) =>
        from found in enough == 0 ? [] : CountInTime.Of(events, Window, enough, subjectOf, one => [one.Id])
        select new Finding(rule, found.Subject, found.Event, [], Window);
}
