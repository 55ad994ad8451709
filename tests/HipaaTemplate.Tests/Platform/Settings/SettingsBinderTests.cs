using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Logging;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;

namespace HipaaTemplate.Tests.Platform.Settings;

/// <summary>A bad setting is named; its value, which may be a secret in the wrong place, is not.</summary>
internal sealed class SettingsBinderTests
{
    private const string Canary = "secret-canary";

    [TestCase("PORT", Canary)]
    [TestCase("PORT", "70000")]
    [TestCase("PORT", "-1")]
    [TestCase("PORT", "80.5")]
    [TestCase("MAX_CONNECTIONS", Canary)]
    [TestCase("MAX_CONNECTIONS", "0")]
    [TestCase("ENVIRONMENT", Canary)]
    [TestCase("ENVIRONMENT", "1")]
    [TestCase("ENVIRONMENT", "Development, Production")]
    [TestCase("ALLOWED_ORIGINS", "*")]
    [TestCase("ALLOWED_ORIGINS", "https://*.example.test")]
    [TestCase("ALLOWED_ORIGINS", "https://app.example.test/")]
    [TestCase("ALLOWED_ORIGINS", "https://app.example.test/path")]
    [TestCase("ALLOWED_ORIGINS", "https://secret-canary@app.example.test")]
    [TestCase("ALLOWED_ORIGINS", "app.example.test")]
    [TestCase("ALLOWED_ORIGINS", "ftp://app.example.test")]
    [TestCase("ALLOWED_ORIGINS", "null")]
    [TestCase("ALLOWED_ORIGINS", "https://app.example.test,secret-canary")]
    [TestCase("TRUSTED_PROXIES", Canary)]
    [TestCase("TRUSTED_PROXIES", "10.0.0.0/33")]
    [TestCase("TRUSTED_PROXIES", "127.0.0.1,secret-canary")]
    [TestCase("TLS_CERTIFICATE_FILE", "/secret-canary.pem")]
    [TestCase("TLS_KEY_FILE", "/secret-canary.pem")]
    public void An_impossible_server_setting_is_named_and_not_repeated(string name, string value) =>
        ShouldBeRefused(new ServerSettings(), name, value);

    [TestCase("LOG_LEVEL", Canary)]
    [TestCase("LOG_LEVEL", "2")]
    public void An_impossible_log_level_is_named_and_not_repeated(string name, string value) =>
        ShouldBeRefused(new LoggingSettings(), name, value);

    [TestCase("DATABASE_URL", "")]
    [TestCase("DATABASE_URL", "   ")]
    [TestCase("DATABASE_URL", Canary)]
    [TestCase("DATABASE_URL", "postgres://u:secret-canary@db.test/d?secret-canary=1")]
    [TestCase("DATABASE_POOL_SIZE", Canary)]
    [TestCase("DATABASE_POOL_SIZE", "0")]
    public void An_impossible_database_setting_is_named_and_not_repeated(string name, string value) =>
        ShouldBeRefused(new DatabaseSettings(), name, value, ("DATABASE_URL", "postgres://u:p@db.test/d"));

    [Test]
    public void A_database_url_without_a_password_needs_the_apps() => Assert.That(
        Problems(new DatabaseSettings(), ("DATABASE_URL", "postgres://u@db.test/d")),
        Is.EqualTo(new[] { "DATABASE_APP_PASSWORD is needed, because DATABASE_URL has no password to derive it from." }));

    [TestCase("OIDC_ISSUER_URL", "")]
    [TestCase("OIDC_ISSUER_URL", Canary)]
    [TestCase("OIDC_CLIENT_ID", "")]
    public void An_impossible_issuer_is_named_and_not_repeated(string name, string value) => ShouldBeRefused(
        new AuthenticationSettings(), name, value, ("OIDC_ISSUER_URL", "https://idp.test"), ("OIDC_CLIENT_ID", "spa"));

    [TestCase("https://idp.test", DeploymentEnvironment.Production, true)]
    [TestCase("http://idp.test", DeploymentEnvironment.Production, false)]
    [TestCase("http://idp.test", DeploymentEnvironment.Development, false)]
    [TestCase("http://localhost:9000", DeploymentEnvironment.Production, false)]
    [TestCase("http://localhost:9000", DeploymentEnvironment.Staging, false)]
    [TestCase("http://localhost:9000", DeploymentEnvironment.Development, true)]
    [TestCase("http://127.0.0.1.evil.test", DeploymentEnvironment.Development, false)]
    [TestCase("file:///idp", DeploymentEnvironment.Development, false)]
    public void Plain_http_to_the_issuer_is_for_localhost_in_development(
        string issuer, DeploymentEnvironment environment, bool allowed) => Assert.That(
            new AuthenticationSettings { IssuerUrl = new Uri(issuer), ClientIds = ["spa"] }
                .Problems(environment == DeploymentEnvironment.Development),
            allowed ? Is.Empty : Is.EqualTo(new[] { "OIDC_ISSUER_URL must be an https URL; plain http is for localhost in development." }));

    [Test]
    public void Good_settings_have_no_problems_and_arrive()
    {
        var server = new ServerSettings();

        var problems = SettingsBinder.Bind(server, Configuration(
            ("PORT", " 8443 "), ("ENVIRONMENT", "staging"), ("TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("ALLOWED_ORIGINS", "https://app.example.test:8443,http://localhost:5173")));

        Assert.Multiple(() =>
        {
            Assert.That(problems, Is.Empty);
            Assert.That(server.Port, Is.EqualTo(8443));
            Assert.That(server.Environment, Is.EqualTo(DeploymentEnvironment.Staging));
            Assert.That(server.AllowedOrigins, Is.EqualTo(new[] { "https://app.example.test:8443", "http://localhost:5173" }));
            Assert.That(server.TrustedProxies, Is.EqualTo(new[] { "10.0.0.0/8", "::1" }));
        });
    }

    private static void ShouldBeRefused(
        object options, string name, string value, params (string Name, string Value)[] otherwise)
    {
        var problems = Problems(options, [.. otherwise.Where(o => o.Name != name), (name, value)]);

        Assert.That(problems, Has.Some.Contains(name));
        Assert.That(problems, Has.None.Contains(Canary));
    }

    private static List<string> Problems(object options, params (string Name, string Value)[] settings) =>
        SettingsBinder.Bind(options, Configuration(settings));

    private static IConfiguration Configuration(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value))).Build();
}
