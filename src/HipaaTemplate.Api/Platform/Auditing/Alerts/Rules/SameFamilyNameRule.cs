namespace HipaaTemplate.Platform.Auditing.Alerts.Rules;

/// <summary>The event says so itself: names are nowhere else at hand (<see cref="FamilyNames"/>).</summary>
internal sealed class SameFamilyNameRule : IAlertRule
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    public IEnumerable<Finding> Look(SeenEvents events) =>
        from one in events.New
        where one.UserOfPatients is not null && one.Detail == FamilyNames.Same
        select new Finding(AlertRule.SameFamilyName, one.UserOfPatients!, one, one.Patients, Window);
}
