using System.Text.Json.Nodes;
using HipaaTemplate.Tests.Harness.Aws;

namespace HipaaTemplate.Tests.Platform.Secrets;

/// <summary>The binary as a deployment starts it, with a secret of AWS Secrets Manager over HTTP.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SecretsStartTests
{
    private const string Secret = "hipaa-template";

    private AwsDouble aws = null!;
    private Dictionary<string, string> settings = null!;

    [SetUp]
    public async Task StartAsync()
    {
        aws = await AwsDouble.StartAsync();
        var user = aws.NewUser("api");
        settings = ApiProcess.Settings(App.DatabaseUrl, App.Issuer);
        settings["AWS_REGION"] = AwsDouble.Region;
        settings["AWS_ENDPOINT_URL"] = aws.Address.AbsoluteUri;
        settings["AWS_SECRETS_MANAGER_SECRET_ID"] = Secret;
        settings["AWS_ACCESS_KEY_ID"] = user.AccessKeyId;
        settings["AWS_SECRET_ACCESS_KEY"] = user.SecretAccessKey;
    }

    [TearDown]
    public ValueTask StopAsync() => aws.DisposeAsync();

    [Test]
    public async Task The_secret_wins_over_the_environment_and_the_command_line_over_both()
    {
        settings["DATABASE_URL"] = "postgres://nobody:secret-canary@db.invalid/none";
        Store(("DATABASE_URL", App.DatabaseUrl));

        var bySecret = await ApiProcess.RunAsync(settings, "migrate", "status");
        var byHand = await ApiProcess.RunAsync(settings, "migrate", "status", $"--DATABASE_URL={settings["DATABASE_URL"]}");

        Assert.That((bySecret.ExitCode, bySecret.Errors), Is.EqualTo((0, "")));
        Assert.That(byHand.ExitCode, Is.EqualTo(1));
    }

    [Test]
    public async Task Config_check_says_where_each_setting_comes_from()
    {
        Store(("DATABASE_APP_PASSWORD", "secret-canary"), ("OIDC_AUDIENCE", " "));
        settings.Remove("OIDC_AUDIENCE");

        var result = await ApiProcess.RunAsync(settings, "config", "check", "--PORT=1234");

        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.Zero, result.Errors);
            Assert.That(result.Output, Does.Match(@"DATABASE_APP_PASSWORD +set \(secrets service\)"));
            Assert.That(result.Output, Does.Match(@"DATABASE_URL +set \(environment\)"));
            Assert.That(result.Output, Does.Match(@"PORT +set \(command line\)"));
            Assert.That(result.Output, Does.Match("OIDC_AUDIENCE +default").And.Match("SIGNING_SECRET +default"));
            Assert.That(result.Output + result.Errors, Does.Not.Contain("canary").And.Not.Contain("1234"));
        });
    }

    [Test]
    public async Task The_API_serves_with_what_the_secret_says()
    {
        settings.Remove("DATABASE_URL");
        settings["OIDC_CLIENT_ID"] = "";
        Store(("DATABASE_URL", App.DatabaseUrl), ("OIDC_CLIENT_ID", "from-the-service"), ("NO_SETTING", "secret-canary"));

        await using var api = await ApiProcess.ServeAsync(settings);
        using var client = api.Client();

        Assert.That((await client.GetAsync("/api/v1/health/ready")).IsSuccessStatusCode);
        await Eventually.IsTrueAsync(
            () => Task.FromResult(api.Output.Any(line => line.Contains("NO_SETTING", StringComparison.Ordinal))),
            "What is no setting was never named.");
        Assert.That(string.Concat(api.Output), Does.Not.Contain("canary"));
    }

    [Test]
    public async Task A_service_that_does_not_give_the_settings_is_one_line_and_ends_with_1()
    {
        await ShouldBeRefusedAsync("ResourceNotFoundException", "serve");

        Store(("DATABASE_APP_PASSWORD", "secret-canary"));
        aws.Secrets.Policy = static (_, _) => false;
        await ShouldBeRefusedAsync("AccessDeniedException", "migrate", "up");

        aws.Secrets.Policy = static (_, _) => true;
        aws.Fail(KeyServiceFault.Down);
        await ShouldBeRefusedAsync("", "config", "check");
    }

    [TestCase("SECRETS_PROVIDER", "canary")]
    [TestCase("SECRETS_REFRESH_SECONDS", "4")]
    [TestCase("AWS_REGION", "")]
    [TestCase("VAULT_ADDR", "", "vault")]
    [TestCase("AKEYLESS_SECRET_NAME", "", "akeyless")]
    public async Task A_service_that_cannot_be_asked_with_these_settings_is_named_by_the_setting(
        string name, string value, string? provider = null)
    {
        settings["SECRETS_PROVIDER"] = provider ?? "";
        settings[name] = value;

        var result = await ApiProcess.RunAsync(settings);

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.StartWith(name).And.Not.Contain("canary").And.Not.Contain("   at "));
        Assert.That(aws.Calls, Is.Empty);
    }

    [TestCase("--help")]
    [TestCase("help")]
    [TestCase("migrate", "--help")]
    [TestCase("docs", "errors")]
    [TestCase("healthcheck")]
    public async Task Verbs_that_need_no_secret_do_not_ask_for_one(params string[] words)
    {
        settings["PORT"] = $"{Ports.Dead}";

        await ApiProcess.RunAsync(settings, words);

        Assert.That(aws.Calls, Is.Empty);
    }

    [Test]
    public async Task None_is_none_whatever_else_is_set()
    {
        settings["SECRETS_PROVIDER"] = "none";

        var result = await ApiProcess.RunAsync(settings, "config", "check");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(aws.Calls, Is.Empty);
    }

    private void Store(params (string Name, string Value)[] values) => aws.Secrets.Put(
        Secret, new JsonObject(values.Select(pair => KeyValuePair.Create(pair.Name, (JsonNode?)pair.Value))).ToJsonString());

    private async Task ShouldBeRefusedAsync(string reason, params string[] words)
    {
        var result = await ApiProcess.RunAsync(settings, words);
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.EqualTo(1));
            Assert.That(
                result.Errors,
                Does.StartWith("SECRETS_PROVIDER: AWS Secrets Manager does not give the settings (").And.Contain(reason));
            Assert.That(result.Errors.TrimEnd('\n'), Does.Not.Contain('\n').And.Not.Contain("127.0.0.1").And.Not.Contain("canary"));
            Assert.That(result.Output, Is.Empty);
        });
    }
}
