namespace HipaaTemplate.Platform.Auditing.Alerts.Rules;

internal sealed class WatchedPatientRule : IAlertRule
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    public IEnumerable<Finding> Look(SeenEvents events) =>
        from one in events.New
        where one.UserOfPatients is not null && one.Patients.Any(events.Watched.Contains)
        select new Finding(
            AlertRule.WatchedPatient, one.UserOfPatients!, one, [.. one.Patients.Where(events.Watched.Contains)], Window);
}
