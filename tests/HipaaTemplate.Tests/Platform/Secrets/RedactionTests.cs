using System.Net.Http.Json;
using System.Reflection;
using System.Text;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Secrets;

/// <summary>Every setting that is a text has a canary for a value, and nothing that the API says has a canary in it.</summary>
[NonParallelizable] // Another SIGNING_SECRET gives the roles that read and seal the audit trail other passwords.
internal sealed class RedactionTests
{
    private const string Canary = "canary";

    /// <summary>They are told to everybody, in the API's description and in CORS headers.</summary>
    private static readonly string[] Public = ["OIDC_ISSUER_URL", "OIDC_CLIENT_ID", "ALLOWED_ORIGINS"];

    /// <summary>Those of the test's host, which it cannot do without; the password in the database's URL is looked for all the same.</summary>
    private static readonly string[] Real = [.. Public, "DATABASE_URL", "OIDC_AUDIENCE"];

    /// <summary>With anything else in them no token is accepted.</summary>
    private static readonly string[] OfTokens =
        ["JWT_TENANT_CLAIM_NAME", "JWT_ROLES_CLAIM_NAME", "JWT_SCOPE_CLAIM_NAME", "OIDC_TOKEN_TYPES", "OIDC_REQUIRED_SCOPE", "OIDC_TENANTS"];

    /// <summary>Where any text would be refused.</summary>
    private static readonly Dictionary<string, string> Shaped = new()
    {
        ["TRUSTED_PROXIES"] = "10.20.30.40",
        ["TLS_CERTIFICATE_FILE"] = "",
        ["TLS_KEY_FILE"] = "",
        ["OIDC_TENANT"] = "",
        ["OIDC_TENANTS"] = "0199a000-0000-7000-8000-0000000ca4a4",
        ["OIDC_JWKS_URI"] = "",
        ["OIDC_ALGORITHMS"] = "",
        ["OIDC_ISSUERS"] = "",
        ["OIDC_DPOP_ORIGINS"] = "https://dpop-canary.test",
        ["STEP_UP_POLICIES"] = "",
        ["KEY_IDS_BY_CLASS"] = "document=key-canary",
        ["KEY_LOCAL_FILE"] = Path.Combine(Path.GetTempPath(), "canary-key", "key"),
        ["AUDIT_ANCHOR_DIRECTORY"] = "",
        ["AUDIT_ARCHIVE_DIRECTORY"] = "",
        ["AUDIT_ALERT_WEBHOOK_URL"] = "http://127.0.0.1:1/webhook-canary",
        ["AUDIT_ALERT_WEBHOOK_SECRET"] = $"whsec_{Convert.ToBase64String(Encoding.ASCII.GetBytes("webhook-canary-webhook-canary"))}",
        ["AUDIT_ALERT_WORKING_HOURS"] = "",
        ["AUDIT_ALERT_WORKING_DAYS"] = "",
        ["AUDIT_ALERT_TIME_ZONE"] = "",
        ["AWS_REGION"] = "ca-canary-1",
        ["AWS_ENDPOINT_URL"] = "http://aws-canary.test",
        ["VAULT_ADDR"] = "http://127.0.0.1:1/vault-canary",
        ["VAULT_SECRET_PATH"] = "secret/canary",
        ["VAULT_CA_FILE"] = "",
        ["VAULT_DATABASE_ROLE"] = "",
        ["AKEYLESS_URL"] = "http://127.0.0.1:1/akeyless-canary",
    };

    private static IEnumerable<(SettingsClass Class, PropertyInfo Property, string Name)> Texts =>
        from one in App.Api.Services.GetServices<SettingsClass>()
        from pair in SettingsBinder.SettingsOf(one.Type)
        where pair.Property.PropertyType == typeof(string) || pair.Property.PropertyType == typeof(string[])
            || pair.Property.PropertyType == typeof(Uri)
        select (one, pair.Property, pair.Setting.Name);

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_running_API_says_no_value_of_a_setting(bool acceptsTokens)
    {
        var settings = Texts.Where(text => !Real.Contains(text.Name) && !(acceptsTokens && OfTokens.Contains(text.Name)))
            .ToDictionary(text => text.Name, text => Shaped.GetValueOrDefault(text.Name, $"{text.Name.ToLowerInvariant().Replace('_', '-')}-{Canary}-value"));
        settings["SIGNING_SECRET"] = $"signing-{Canary}-{Guid.CreateVersion7():N}";
        settings.Remove("DATABASE_APP_PASSWORD");
        settings["SECRETS_PROVIDER"] = "none";
        settings["LOG_LEVEL"] = "DEBUG";
        var log = new LogCapture();
        var (api, url) = await App.NewApiAsync(settings, log.Install);
        await using var stop = api;
        var client = App.As(api, (await App.NewClinicAsync(api)).Admin);
        List<string> said = [];
        foreach (var path in new[]
            { "/openapi.json", "/docs", "/health", "/api/v1/health/ready", "/api/v1/errors", "/nothing", ProbeFeature.Path })
        {
            using var anonymous = await api.Anonymous().GetAsync(path);
            using var known = await client.GetAsync(path);
            said.Add($"{anonymous}\n{await anonymous.Content.ReadAsStringAsync()}");
            said.Add($"{known}\n{await known.Content.ReadAsStringAsync()}");
        }

        using var read = await client.GetAsync(ProbeFeature.Path);
        Assert.That(read.IsSuccessStatusCode, Is.EqualTo(acceptsTokens));
        using var malformed = await client.PostAsJsonAsync(ProbeFeature.Path, new { nonsense = 1 });
        said.Add(await malformed.Content.ReadAsStringAsync());
        said.AddRange(log.Lines);

        var password = HipaaTemplate.Platform.Database.DatabaseUrl.Parse(url).Password!;
        Assert.That(said, Has.Count.GreaterThan(20));
        Assert.That(said, Has.None.Contains(Canary), "a value was said");
        Assert.That(said, Has.None.Contains("10.20.30.40").And.None.Contains("0000000ca4a4").And.None.Contains(password));
        Assert.That(settings.Values.Count(value => value.Contains(Canary, StringComparison.Ordinal)), Is.GreaterThan(15));
    }

    [Test]
    public void No_problem_of_a_setting_repeats_its_value()
    {
        foreach (var (one, _, name) in Texts)
        {
            var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(name, $"{Canary} : // {Canary}")]).Build();
            var problems = one.Problems(App.Api.Services, configuration);
            Assert.That(problems, Has.None.Contains(Canary), name);
        }
    }

    [TestCase("config", "check")]
    [TestCase("docs", "configuration")]
    [TestCase("docs", "errors")]
    [TestCase("migrate", "status")]
    [TestCase("serve")]
    public async Task No_verb_repeats_a_value(params string[] words)
    {
        // What the server is made of is looked at before there is a host, and alone.
        var settings = Texts.Where(text => text.Class.Type != typeof(ServerSettings))
            .ToDictionary(text => text.Name, _ => $"https://{Canary}.test/{Canary}");
        settings["SECRETS_PROVIDER"] = "none";

        var result = await ApiProcess.RunAsync(settings, words);

        Assert.That(result.Output + result.Errors, Is.Not.Empty.And.Not.Contain(Canary));
        if (words is ["config", ..] or ["serve"])
        {
            Assert.That(result.Errors, Does.Match("(?m)^AWS_REGION ").And.Match("(?m)^DATABASE_URL "), "everything at once");
        }
    }

    [Test]
    public void The_text_of_credentials_has_no_password()
    {
        Assert.That($"{new DatabaseCredentials("user", Canary)}", Is.EqualTo("user"));
        Assert.That($"{new DatabaseCredentials(null, Canary)}", Is.EqualTo("hipaa_app"));
    }
}
