using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>What in the audit trail is worth an alert, and who is told.</summary>
internal sealed class AlertSettings : IHasProblems
{
    private const int MostCounted = 100_000;

    [Setting("AUDIT_ALERTS", "Whether this process looks through what was sealed of the audit trail and raises alerts: true or false. Of several one does it at a time.", DefaultText = "true")]
    public bool IsOn { get; set; } = true;

    [Setting("AUDIT_ALERT_PATIENTS_PER_HOUR", "More different patients than this, shown to or changed by one user within an hour, are an alert; 0 for none.")]
    public int PatientsPerHour { get; set; } = 200;

    [Setting("AUDIT_ALERT_REFUSALS", "So many refusals of one user within ten minutes are an alert; 0 for none.")]
    public int Refusals { get; set; } = 10;

    [Setting("AUDIT_ALERT_REFUSED_SIGN_INS", "So many refused tokens from one address within ten minutes are an alert; 0 for none.")]
    public int RefusedSignIns { get; set; } = 50;

    [Setting("AUDIT_ALERT_EMERGENCY", "Whether each use of patients' data for emergency treatment (X-Purpose-Of-Use: ETREAT) is an alert: true or false.", DefaultText = "true")]
    public bool Emergency { get; set; } = true;

    [Setting("AUDIT_ALERT_SAME_FAMILY_NAME", "Whether it is an alert when a user opens the data of a patient of the same family name: true or false. The token has to have family_name, and the event says it then.", DefaultText = "false")]
    public bool SameFamilyName { get; set; }

    [Setting("AUDIT_ALERT_WORKING_HOURS", "Patients' data that is opened outside of these hours is an alert: 07:00-19:00.")]
    public string? WorkingHours { get; set; }

    [Setting("AUDIT_ALERT_WORKING_DAYS", "The days of AUDIT_ALERT_WORKING_HOURS, comma-separated: mon,tue,wed,thu,fri,sat,sun.", DefaultText = "mon,tue,wed,thu,fri")]
    public string[] WorkingDays { get; set; } = ["mon", "tue", "wed", "thu", "fri"];

    [Setting("AUDIT_ALERT_TIME_ZONE", "The IANA time zone of AUDIT_ALERT_WORKING_HOURS: Europe/Stockholm.")]
    public string TimeZone { get; set; } = "UTC";

    [Setting("AUDIT_ALERT_WEBHOOK_URL", "An https URL that is told of each alert by POST (docs/how-to/review-the-audit-trail.md); plain http in development only.")]
    public Uri? WebhookUrl { get; set; }

    [Setting("AUDIT_ALERT_WEBHOOK_SECRET", "What these requests are signed with (Standard Webhooks): whsec_ and 24 to 64 bytes in base64. Two, comma-separated, while one replaces the other.", DefaultText = "none")]
    public string[] WebhookSecrets { get; set; } = [];

    public IEnumerable<string> Problems()
    {
        foreach (var (name, number) in new[]
        {
            ("AUDIT_ALERT_PATIENTS_PER_HOUR", PatientsPerHour), ("AUDIT_ALERT_REFUSALS", Refusals), ("AUDIT_ALERT_REFUSED_SIGN_INS", RefusedSignIns),
        })
        {
            if (number is < 0 or > MostCounted)
            {
                yield return $"{name} must be between 0 and {MostCounted}.";
            }
        }

        if (WorkingHours is not null && !Alerts.WorkingHours.TryParse(WorkingHours, out _, out _))
        {
            yield return "AUDIT_ALERT_WORKING_HOURS must be two different times of day, as 07:00-19:00.";
        }

        if (!Alerts.WorkingHours.TryParseDays(WorkingDays, out _))
        {
            yield return "AUDIT_ALERT_WORKING_DAYS must hold days, each once: mon,tue,wed,thu,fri,sat,sun.";
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out _))
        {
            yield return "AUDIT_ALERT_TIME_ZONE must be an IANA time zone that this machine knows (package tzdata).";
        }

        if (WebhookUrl is { UserInfo.Length: > 0 } or { Fragment.Length: > 0 })
        {
            yield return "AUDIT_ALERT_WEBHOOK_URL must not hold a user, a password or a fragment.";
        }

        if (WebhookUrl is null != (WebhookSecrets.Length == 0) || !WebhookSecrets.All(secret => WebhookSecret.TryParse(secret, out _)))
        {
            yield return "AUDIT_ALERT_WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64, with AUDIT_ALERT_WEBHOOK_URL and not without.";
        }
    }
}

internal sealed class AlertSettingsValidator(IOptions<ServerSettings> server) : IValidateOptions<AlertSettings>
{
    public ValidateOptionsResult Validate(string? name, AlertSettings options) =>
        options.WebhookUrl is null || options.WebhookUrl.Scheme == Uri.UriSchemeHttps
        || (server.Value.IsDevelopment && options.WebhookUrl.Scheme == Uri.UriSchemeHttp)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail("AUDIT_ALERT_WEBHOOK_URL must be an https URL.");
}
