using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts.Rules;

internal sealed class EmergencyRule(IOptions<AlertSettings> settings) : IAlertRule
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    public IEnumerable<Finding> Look(SeenEvents events) => !settings.Value.Emergency
        ? []
        : from one in events.New
          where one.UserOfPatients is not null && one.Purpose == PurposesOfUse.Emergency
          select new Finding(AlertRule.Emergency, one.UserOfPatients!, one, one.Patients, Window);
}
