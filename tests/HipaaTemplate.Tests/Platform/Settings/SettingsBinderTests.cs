using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authorization;
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
    [TestCase("OIDC_ISSUER_URL", "http://idp.test/secret-canary")]
    [TestCase("OIDC_ISSUER_URL", "ftp://idp.test/secret-canary")]
    [TestCase("OIDC_ISSUER_URL", "https://dana:secret-canary@idp.test")]
    [TestCase("OIDC_ISSUER_URL", "https://idp.test?secret-canary")]
    [TestCase("OIDC_ISSUER_URL", "https://idp.test#secret-canary")]
    [TestCase("OIDC_PROVIDER", Canary)]
    [TestCase("OIDC_PROVIDER", "3")]
    [TestCase("OIDC_CLIENT_ID", "")]
    [TestCase("OIDC_CLIENT_ID", ",")]
    [TestCase("OIDC_JWKS_URI", Canary)]
    [TestCase("OIDC_JWKS_URI", "http://idp.test/secret-canary")]
    [TestCase("OIDC_JWKS_URI", "https://idp.test/keys#secret-canary")]
    [TestCase("OIDC_ALGORITHMS", Canary)]
    [TestCase("OIDC_ALGORITHMS", "RS256,secret-canary")]
    [TestCase("OIDC_ALGORITHMS", "HS256")]
    [TestCase("OIDC_ALGORITHMS", "none")]
    [TestCase("OIDC_ALGORITHMS", "rs256")]
    [TestCase("OIDC_DPOP", Canary)]
    [TestCase("OIDC_TENANT", Canary)]
    [TestCase("OIDC_TENANT", "00000000-0000-0000-0000-000000000000")]
    [TestCase("OIDC_TENANTS", Canary)]
    [TestCase("OIDC_TENANTS", "0199a000-0000-7000-8000-000000000001,secret-canary")]
    [TestCase("JWT_TENANT_CLAIM_NAME", "user_metadata.secret-canary")]
    [TestCase("JWT_TENANT_CLAIM_NAME", "/user_metadata/secret-canary")]
    [TestCase("JWT_ROLES_CLAIM_NAME", "user_metadata.secret-canary")]
    [TestCase("JWT_SCOPE_CLAIM_NAME", "user_metadata.secret-canary")]
    [TestCase("JWT_PATIENT_CLAIM_NAME", "user_metadata.secret-canary")]
    [TestCase("OIDC_ISSUERS", Canary)]
    [TestCase("OIDC_ISSUERS", "null")]
    [TestCase("OIDC_ISSUERS", "[null]")]
    [TestCase("OIDC_ISSUERS", "{}")]
    [TestCase("OIDC_ISSUERS", """[{}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":null,"audiences":["a"]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"]}""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"secret-canary":1}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"Audiences":["a"]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"audiences":["secret-canary"]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":"secret-canary"}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"client_ids":null}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"provider":"secret-canary"}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"dpop":"secret-canary"}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test"}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","client_ids":[null]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"," "]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"token_types":[""]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"algorithms":[null]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"algorithms":["secret-canary"]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"tenants":[null]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"tenant":"secret-canary"}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"tenant_claim":"user_metadata.secret-canary"}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"http://other.test/secret-canary","audiences":["a"]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"],"jwks_uri":"secret-canary"}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://login.microsoftonline.com/common/v2.0","audiences":["a"],"provider":"entra"}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://idp.test","audiences":["a"]}]""")]
    [TestCase("OIDC_ISSUERS", """[{"issuer":"https://other.test","audiences":["a"]},{"issuer":"https://other.test","audiences":["b"]}]""")]
    public void An_impossible_issuer_is_named_and_not_repeated(string name, string value) => ShouldBeRefused(
        new AuthenticationSettings(), name, value, ("OIDC_ISSUER_URL", "https://idp.test"), ("OIDC_CLIENT_ID", "spa"));

    [TestCase("entra", "https://login.microsoftonline.com/common/v2.0")]
    [TestCase("entra", "https://login.microsoftonline.com/Organizations/v2.0")]
    [TestCase("entra", "https://login.microsoftonline.com/consumers/v2.0")]
    [TestCase("entra", "https://login.microsoftonline.com/{tenantid}/v2.0")]
    [TestCase("entra", "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", Description = "all personal accounts")]
    [TestCase("auth0", "https://example.eu.auth0.com")]
    public void An_issuer_that_its_provider_cannot_have_is_named(string provider, string issuer)
    {
        var problems = Problems(
            new AuthenticationSettings(), ("OIDC_PROVIDER", provider), ("OIDC_ISSUER_URL", issuer), ("OIDC_CLIENT_ID", "spa"));

        Assert.That(problems, Has.Count.EqualTo(1));
        Assert.That(problems.Single(), Does.StartWith("OIDC_ISSUER_URL of ").And.Not.Contains(issuer));
    }

    [TestCase("entra", "https://login.microsoftonline.com/7a1c5e30-2222-4b6f-9d8e-0f1a2b3c4d5e/v2.0")]
    [TestCase("auth0", "https://example.eu.auth0.com/")]
    [TestCase("generic", "https://login.example.org/common")]
    public void An_issuer_that_its_provider_can_have_is_no_problem(string provider, string issuer) => Assert.That(
        Problems(new AuthenticationSettings(), ("OIDC_PROVIDER", provider), ("OIDC_ISSUER_URL", issuer), ("OIDC_CLIENT_ID", "spa")),
        Is.Empty);

    [Test]
    public void One_tenant_and_a_list_of_them_exclude_each_other()
    {
        const string Tenant = "0199a000-0000-7000-8000-000000000001";

        var problems = Problems(
            new AuthenticationSettings(), ("OIDC_ISSUER_URL", "https://idp.test"), ("OIDC_CLIENT_ID", "spa"),
            ("OIDC_TENANT", Tenant), ("OIDC_TENANTS", Tenant));

        Assert.That(problems.Single(), Does.StartWith("OIDC_TENANTS "));
    }

    [Test]
    public void The_problem_of_a_further_issuer_says_which_one_it_is_and_which_member() => Assert.That(
        Problems(
            new AuthenticationSettings(), ("OIDC_ISSUER_URL", "https://idp.test"), ("OIDC_CLIENT_ID", "spa"),
            ("OIDC_ISSUERS", """[{"issuer":"https://a.test","audiences":["a"]},{"issuer":"https://b.test","audiences":["a"],"tenant":"b"}]""")),
        Is.EqualTo(new[] { "OIDC_ISSUERS, issuer 2: tenant must be a tenant's id, a UUID." }));

    [TestCase("STEP_UP_POLICIES", Canary)]
    [TestCase("STEP_UP_POLICIES", "DeleteRecords:secret-canary")]
    [TestCase("STEP_UP_POLICIES", "DeleteRecords:-1")]
    [TestCase("STEP_UP_ACR_VALUES", "\"secret-canary\"")]
    [TestCase("STEP_UP_ACR_VALUES", "mfa secret-canary")]
    public void An_impossible_step_up_is_named_and_not_repeated(string name, string value) =>
        ShouldBeRefused(new StepUpSettings(), name, value);

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

    [TestCase("https://api.test", DpopMode.Required, true)]
    [TestCase("https://api.test:8443/", DpopMode.Accepted, true)]
    [TestCase("", DpopMode.Off, true)]
    [TestCase("", DpopMode.Accepted, false)]
    [TestCase("https://api.test/path", DpopMode.Required, false)]
    [TestCase("https://user@api.test", DpopMode.Required, false)]
    [TestCase("api.test", DpopMode.Required, false)]
    [TestCase("ftp://api.test", DpopMode.Off, false)]
    public void Proofs_of_possession_need_to_know_where_the_api_is(string origin, DpopMode dpop, bool allowed) => Assert.That(
        new AuthenticationSettings
        {
            IssuerUrl = new Uri("https://idp.test"), ClientIds = ["spa"], Dpop = dpop, ProofOrigins = origin.Length == 0 ? [] : [origin],
        }.Problems(isDevelopment: false),
        allowed ? Is.Empty : Has.One.StartsWith("OIDC_DPOP_ORIGINS"));

    [TestCase("jwt", "https://api.test", true)]
    [TestCase("jwt", "", false)]
    [TestCase("Absent", "", false)]
    [TestCase("application/jwt", "", false)]
    [TestCase("at+jwt", "", true)]
    public void Types_that_ID_tokens_have_need_an_audience_that_they_have_not(string type, string audience, bool allowed) => Assert.That(
        new AuthenticationSettings
        {
            IssuerUrl = new Uri("https://idp.test"), ClientIds = ["spa"], TokenTypes = [type], Audiences = audience.Length == 0 ? [] : [audience],
        }.Problems(isDevelopment: false),
        allowed ? Is.Empty : Has.One.StartsWith("OIDC_AUDIENCE must name the API"));

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
