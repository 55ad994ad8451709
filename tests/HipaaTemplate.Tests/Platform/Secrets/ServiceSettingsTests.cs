using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Secrets.Akeyless;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Secrets;

/// <summary>A setting of Vault or Akeyless that cannot be is named before anything is asked, and its value is not repeated.</summary>
internal sealed class ServiceSettingsTests
{
    private const string Canary = "secret-canary";

    private static (string, string)[] Vault =>
        [("VAULT_ADDR", "https://vault.test:8200"), ("VAULT_ROLE_ID", "role"), ("VAULT_SECRET_ID", Canary)];

    private static (string, string)[] Akeyless => [("AKEYLESS_ACCESS_ID", "p-1"), ("AKEYLESS_ACCESS_KEY", Canary)];

    [TestCase("VAULT_ADDR", Canary)]
    [TestCase("VAULT_ADDR", "http://vault.test/secret-canary")]
    [TestCase("VAULT_ADDR", "ftp://vault.test/secret-canary")]
    [TestCase("VAULT_ADDR", "https://dana:secret-canary@vault.test")]
    [TestCase("VAULT_ADDR", "https://vault.test?secret-canary")]
    [TestCase("VAULT_ADDR", "https://vault.test#secret-canary")]
    [TestCase("VAULT_ADDR", "")]
    [TestCase("VAULT_ROLE_ID", "")]
    [TestCase("VAULT_SECRET_ID", "")]
    [TestCase("VAULT_AUTH_MOUNT", "../secret-canary")]
    [TestCase("VAULT_AUTH_MOUNT", "/secret-canary")]
    [TestCase("VAULT_TRANSIT_MOUNT", "transit/")]
    [TestCase("VAULT_TRANSIT_MOUNT", "transit?secret-canary")]
    [TestCase("VAULT_DATABASE_MOUNT", "data base")]
    [TestCase("VAULT_DATABASE_ROLE", "../secret-canary")]
    [TestCase("VAULT_DATABASE_ROLE", "role/secret-canary")]
    [TestCase("VAULT_SECRET_PATH", Canary)]
    [TestCase("VAULT_SECRET_PATH", "secret/../secret-canary")]
    [TestCase("VAULT_SECRET_PATH", "secret/data%2Fsecret-canary")]
    [TestCase("VAULT_NAMESPACE", "a b")]
    [TestCase("VAULT_CA_FILE", "/secret-canary.pem")]
    [Hipaa(Citations.EncryptionInTransit)]
    public void An_impossible_setting_of_Vault_is_named(string name, string value) =>
        IsNamed(new VaultSettings(), name, value, Vault);

    [TestCase("AKEYLESS_URL", Canary)]
    [TestCase("AKEYLESS_URL", "http://gateway.test:8081/secret-canary")]
    [TestCase("AKEYLESS_URL", "https://dana:secret-canary@gateway.test")]
    [TestCase("AKEYLESS_URL", "https://gateway.test?secret-canary")]
    [TestCase("AKEYLESS_ACCESS_ID", "")]
    [TestCase("AKEYLESS_ACCESS_KEY", "")]
    public void An_impossible_setting_of_Akeyless_is_named(string name, string value) =>
        IsNamed(new AkeylessSettings(), name, value, Akeyless);

    [Test]
    public void Possible_settings_are_no_problem()
    {
        Assert.That(Problems(new VaultSettings()), Is.Empty);
        Assert.That(Problems(new AkeylessSettings()), Is.Empty);
        Assert.That(Problems(new VaultSettings(), [
            .. Vault, ("VAULT_AUTH_MOUNT", "team/approle"), ("VAULT_NAMESPACE", "clinics/mercy"), ("VAULT_SECRET_PATH", "secret/a/b.c"),
            ("VAULT_DATABASE_ROLE", "hipaa-template")]), Is.Empty);
        Assert.That(Problems(new AkeylessSettings(), [.. Akeyless, ("AKEYLESS_URL", "https://gateway.test:8080/v2")]), Is.Empty);
    }

    [TestCase(DeploymentEnvironment.Development, true)]
    [TestCase(DeploymentEnvironment.Staging, false)]
    [TestCase(DeploymentEnvironment.Production, false)]
    [Hipaa(Citations.EncryptionInTransit)]
    public void Plain_http_to_this_machine_is_for_development_only(DeploymentEnvironment environment, bool allowed)
    {
        var server = Options.Create(new ServerSettings { Environment = environment });
        var keys = Options.Create(new KeyProviderSettings());
        var vault = new VaultSettings { Address = new Uri("http://127.0.0.1:8200"), RoleId = "role", SecretId = "secret" };
        Assert.That(new VaultSettingsValidator(server, keys).Validate(null, vault).Succeeded, Is.EqualTo(allowed));
        var akeyless = new AkeylessSettings { Url = new Uri("http://127.0.0.1:8081") };
        Assert.That(new AkeylessSettingsValidator(server, keys).Validate(null, akeyless).Succeeded, Is.EqualTo(allowed));
    }

    [TestCase(KeyProviderKind.Vault, "VAULT_ADDR is missing: KEY_PROVIDER is vault.")]
    [TestCase(KeyProviderKind.Akeyless, "AKEYLESS_ACCESS_ID is missing: KEY_PROVIDER is akeyless.")]
    [TestCase(KeyProviderKind.AwsKms, null)]
    public void Who_keeps_the_keys_must_be_reachable(KeyProviderKind kind, string? problem)
    {
        var server = Options.Create(new ServerSettings());
        var keys = Options.Create(new KeyProviderSettings { Provider = kind, KeyId = "phi" });
        var found = new[]
        {
            new VaultSettingsValidator(server, keys).Validate(null, new VaultSettings()),
            new AkeylessSettingsValidator(server, keys).Validate(null, new AkeylessSettings()),
        }.SelectMany(result => result.Failures ?? []);
        Assert.That(found, problem is null ? Is.Empty : Is.EqualTo(new[] { problem }));
    }

    [TestCase("phi/../other", null)]
    [TestCase("arn:aws:kms:key", null)]
    [TestCase("phi", "document=alias/documents")]
    public void A_key_of_Vault_s_has_a_name_that_a_path_can_have(string keyId, string? byClass)
    {
        var keys = new KeyProviderSettings { Provider = KeyProviderKind.Vault, KeyId = keyId, KeyIdsByClass = byClass is null ? [] : [byClass] };
        var vault = new VaultSettings { Address = new Uri("https://vault.test"), RoleId = "role", SecretId = "secret" };
        Assert.That(
            new VaultSettingsValidator(Options.Create(new ServerSettings()), Options.Create(keys)).Validate(null, vault).Failures,
            Is.EqualTo(new[] { "KEY_ID and KEY_IDS_BY_CLASS must be names of transit keys." }));
    }

    private static void IsNamed(object options, string name, string value, (string, string)[] others)
    {
        var problems = Problems(options, [.. others.Where(other => other.Item1 != name), (name, value)]);
        Assert.That(problems, Has.Count.EqualTo(1));
        Assert.That(problems[0], Does.Contain(name).And.Not.Contain(Canary).IgnoreCase);
    }

    private static List<string> Problems(object options, params (string Name, string Value)[] settings) => SettingsBinder.Bind(
        options,
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value))).Build());
}
