using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts.Rules;

internal sealed class VolumeRule(IOptions<AlertSettings> settings) : IAlertRule
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    public IEnumerable<Finding> Look(SeenEvents events)
    {
        var most = settings.Value.PatientsPerHour;
        if (most == 0)
        {
            return [];
        }

        return from found in CountInTime.Of(events, Window, most + 1, one => one.UserOfPatients, one => one.Patients)
               select new Finding(AlertRule.Volume, found.Subject, found.Event, found.Within, Window);
    }
}
