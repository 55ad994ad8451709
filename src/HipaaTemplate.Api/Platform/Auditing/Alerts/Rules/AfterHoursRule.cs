using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts.Rules;

internal sealed class AfterHoursRule(IOptions<AlertSettings> settings) : IAlertRule
{
    /// <summary>One alert a night.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromHours(12);

    public IEnumerable<Finding> Look(SeenEvents events) => WorkingHours.Of(settings.Value) is not { } hours
        ? []
        : from one in events.New
          where one.UserOfPatients is not null && !hours.Contain(one.At)
          select new Finding(AlertRule.AfterHours, one.UserOfPatients!, one, one.Patients, Window);
}
