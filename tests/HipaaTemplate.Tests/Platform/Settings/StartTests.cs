namespace HipaaTemplate.Tests.Platform.Settings;

/// <summary>A deployment with a setting missing or impossible does not start, and says which.</summary>
internal sealed class StartTests
{
    [TestCase("DATABASE_URL", null)]
    [TestCase("OIDC_ISSUER_URL", null)]
    [TestCase("OIDC_CLIENT_ID", null)]
    [TestCase("PORT", "secret-canary")]
    [TestCase("LOG_LEVEL", "secret-canary")]
    [TestCase("DATABASE_PREPARED_STATEMENTS", "-1")]
    [TestCase("DATABASE_URL", "postgres://u:secret-canary@db.test/d?nothing=1")]
    [TestCase("ALLOWED_ORIGINS", "https://secret-canary/path")]
    [TestCase("KEY_IDS_BY_CLASS", "secret-canary")]
    [TestCase("KEY_PROVIDER", "secret-canary")]
    [TestCase("PHI_CIPHER", "secret-canary")]
    [TestCase("ENVIRONMENT", "production", Description = "and the issuer is plain http")]
    public async Task It_ends_with_1_and_names_the_setting(string name, string? value)
    {
        var settings = ApiProcess.Settings(App.DatabaseUrl, App.Issuer);
        settings["PORT"] = "0";
        settings["KEY_PROVIDER"] = name == "ENVIRONMENT" ? "aws-kms" : "local";
        settings["KEY_ID"] = "alias/hipaa-template";
        settings["AWS_REGION"] = "eu-north-1";
        settings[name] = value ?? "";

        var result = await ApiProcess.RunAsync(settings);

        var named = name == "ENVIRONMENT" ? "OIDC_ISSUER_URL" : name;
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.EqualTo(1));
            Assert.That(result.Errors, Does.StartWith(named));
            Assert.That(result.Errors.TrimEnd('\n'), Does.Not.Contain('\n'), "one line, no stack trace");
            Assert.That(result.Errors + result.Output, Does.Not.Contain("canary"));
        });
    }

    [Test]
    public async Task Config_check_lists_every_setting_without_its_value()
    {
        var settings = ApiProcess.Settings("postgres://u:secret-canary@db.test/d", App.Issuer);
        settings["OIDC_AUDIENCE"] = "secret-canary";
        settings["PORT"] = "1234";

        var result = await ApiProcess.RunAsync(settings, "config", "check");

        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.Zero, result.Errors);
            Assert.That(result.Output, Does.Match("DATABASE_URL +set").And.Match("OIDC_AUDIENCE +set"));
            Assert.That(result.Output, Does.Match("LOG_LEVEL +default"));
            Assert.That(result.Output + result.Errors, Does.Not.Contain("canary").And.Not.Contain("1234"));
        });
    }

    [Test]
    public async Task Config_check_finds_everything_at_once()
    {
        var result = await ApiProcess.RunAsync(
            new Dictionary<string, string> { ["DATABASE_POOL_SIZE"] = "secret-canary" }, "config", "check");

        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.EqualTo(1));
            Assert.That(result.Output, Does.Match("DATABASE_URL +MISSING"));
            foreach (var name in new[] { "DATABASE_POOL_SIZE", "DATABASE_URL", "OIDC_ISSUER_URL", "OIDC_CLIENT_ID" })
            {
                Assert.That(result.Errors, Does.Match($"(?m)^{name} "));
            }

            Assert.That(result.Output + result.Errors, Does.Not.Contain("canary"));
        });
    }

    [Test]
    public async Task Config_check_finds_what_a_start_would_refuse()
    {
        var settings = ApiProcess.Settings(App.DatabaseUrl, App.Issuer);
        settings["ENVIRONMENT"] = "production";

        var result = await ApiProcess.RunAsync(settings, "config", "check");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Match("(?m)^OIDC_ISSUER_URL ").And.Match("(?m)^KEY_PROVIDER "));
    }
}
