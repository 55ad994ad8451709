using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Auditing.Alerts;

/// <summary>A setting that could not mean anything stops the start.</summary>
internal sealed class AlertSettingsTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [TestCase("AUDIT_ALERT_PATIENTS_PER_HOUR", "-1")]
    [TestCase("AUDIT_ALERT_PATIENTS_PER_HOUR", "many")]
    [TestCase("AUDIT_ALERT_REFUSALS", "100001")]
    [TestCase("AUDIT_ALERT_REFUSED_SIGN_INS", "-1")]
    [TestCase("AUDIT_ALERT_EMERGENCY", "perhaps")]
    [TestCase("AUDIT_ALERT_WORKING_HOURS", "7-19")]
    [TestCase("AUDIT_ALERT_WORKING_HOURS", "07:00-07:00")]
    [TestCase("AUDIT_ALERT_WORKING_HOURS", "07:00-24:00")]
    [TestCase("AUDIT_ALERT_WORKING_DAYS", "monday")]
    [TestCase("AUDIT_ALERT_WORKING_DAYS", "mon,mon")]
    [TestCase("AUDIT_ALERT_WORKING_DAYS", ",")]
    [TestCase("AUDIT_ALERT_TIME_ZONE", "Mars/Olympus")]
    [TestCase("AUDIT_ALERT_WEBHOOK_URL", "https://user:password@alerts.example", TestName = "A password in the URL")]
    public void It_is_named(string name, string value) => Assert.That(
        Problems(name == "AUDIT_ALERT_WEBHOOK_URL" ? [(name, value), ("AUDIT_ALERT_WEBHOOK_SECRET", Secret)] : [(name, value)]),
        Has.Exactly(1).StartsWith(name).And.None.Contains("password@"));

    [TestCase("https://alerts.example", null)]
    [TestCase(null, Secret)]
    [TestCase("https://alerts.example", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", TestName = "Without its prefix")]
    [TestCase("https://alerts.example", "whsec_c2hvcnQ=", TestName = "Too short")]
    [TestCase("https://alerts.example", "whsec_not base64!", TestName = "Not base64")]
    [TestCase("https://alerts.example", $"{Secret},short", TestName = "One of two")]
    public void A_webhook_has_a_secret_and_a_secret_has_a_webhook(string? url, string? secret) => Assert.That(
        Problems([("AUDIT_ALERT_WEBHOOK_URL", url), ("AUDIT_ALERT_WEBHOOK_SECRET", secret)]),
        Has.Exactly(1).StartsWith("AUDIT_ALERT_WEBHOOK_SECRET").And.None.Contains("c2hvcnQ"));

    [TestCase("https://alerts.example/in", DeploymentEnvironment.Production, true)]
    [TestCase("http://alerts.example/in", DeploymentEnvironment.Production, false)]
    [TestCase("http://alerts.example/in", DeploymentEnvironment.Staging, false)]
    [TestCase("http://alerts.example/in", DeploymentEnvironment.Development, true)]
    [TestCase("ftp://alerts.example/in", DeploymentEnvironment.Development, false)]
    [TestCase("file:///etc/passwd", DeploymentEnvironment.Development, false)]
    public void A_webhook_is_https_outside_of_development(string url, DeploymentEnvironment environment, bool isTaken) => Assert.That(
        new AlertSettingsValidator(Options.Create(new ServerSettings { Environment = environment }))
            .Validate(null, new AlertSettings { WebhookUrl = new Uri(url), WebhookSecrets = [Secret] }).Succeeded,
        Is.EqualTo(isTaken));

    [Test]
    public void What_is_set_by_itself_is_fine() => Assert.That(Problems([]), Is.Empty);

    private static List<string> Problems((string Name, string? Value)[] settings) => SettingsBinder.Bind(
        new AlertSettings(),
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(one => one.Name, one => one.Value)).Build());
}
