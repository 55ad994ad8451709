using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Logging;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Secrets;

/// <summary>What a running API makes of what the service says: values, outages, nonsense.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SecretsRefreshTests : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(300);

    private readonly SettingsService service = new();
    private readonly ManualTimers clock = new();
    private readonly LogCapture log = new();
    private readonly ServiceProvider services;
    private int rounds;

    public SecretsRefreshTests()
    {
        service.Settings["DATABASE_APP_PASSWORD"] = "first";
        var secrets = new SecretsConfiguration();
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection([new("DATABASE_URL", "postgres://u:p@db.test/d"), new("DATABASE_POOL_SIZE", "7")]);
        configuration.AddCommandLine(["--DATABASE_PREPARED_STATEMENTS=9"]);
        secrets.InsertInto(configuration);
        ServiceCollection collection = new();
        collection.AddSingleton<IConfiguration>(configuration);
        collection.AddSingleton(secrets);
        collection.AddSettings<DatabaseSettings>();
        collection.AddSettings<LoggingSettings>();
        collection.AddSettings<SecretsSettings>();
        collection.AddSingleton<TimeProvider>(clock);
        collection.AddSingleton(new ChosenSource(service));
        collection.AddSingleton<SecretsRefresh>();
        collection.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace));
        log.Install(collection);
        services = collection.BuildServiceProvider();
        secrets.Allow(services.GetServices<SettingsClass>());
        secrets.Start(new Dictionary<string, string>(service.Settings));
    }

    private DatabaseSettings Now => services.GetRequiredService<IOptionsMonitor<DatabaseSettings>>().CurrentValue;

    private string Lines => string.Concat(log.Lines);

    public ValueTask DisposeAsync() => services.DisposeAsync();

    [SetUp]
    public async Task StartAsync()
    {
        await services.GetRequiredService<SecretsRefresh>().StartAsync(CancellationToken.None);
        await IsWaitingAsync();
    }

    [TearDown]
    public Task StopAsync() => services.GetRequiredService<SecretsRefresh>().StopAsync(CancellationToken.None);

    [Test]
    public async Task A_new_value_is_used_after_the_interval_and_not_before()
    {
        service.Settings["DATABASE_APP_PASSWORD"] = "second";
        clock.Advance(Interval - TimeSpan.FromSeconds(1));
        Assert.That((Now.AppPassword, service.Questions), Is.EqualTo(("first", 0)));

        clock.Advance(TimeSpan.FromSeconds(1));
        await RoundAsync();

        Assert.That(Now.AppPassword, Is.EqualTo("second"));
        Assert.That(Lines, Does.Contain("DATABASE_APP_PASSWORD").And.Not.Contain("second"));
    }

    [Test]
    public async Task The_service_wins_over_the_environment_and_the_command_line_over_both()
    {
        service.Settings["DATABASE_POOL_SIZE"] = "8";
        service.Settings["DATABASE_PREPARED_STATEMENTS"] = "8";

        await AskAsync();

        Assert.That((Now.PoolSize, Now.PreparedStatements), Is.EqualTo((8, 9)));
    }

    [Test]
    public async Task An_outage_keeps_the_last_values_and_is_one_line_until_it_ends()
    {
        service.FailWith("AccessDeniedException");
        await AskAsync();
        await AskAsync();
        Assert.That(Now.AppPassword, Is.EqualTo("first"));
        Assert.That(log.Lines, Has.Exactly(1).Contains("AccessDeniedException"));

        service.FailWith(null);
        service.Settings["DATABASE_APP_PASSWORD"] = "second";
        await AskAsync();
        await AskAsync();

        Assert.That(Now.AppPassword, Is.EqualTo("second"));
        Assert.That(log.Lines, Has.Exactly(1).Contains("gives the settings again"));
    }

    [Test]
    public async Task A_service_that_does_not_answer_is_given_up_and_asked_again()
    {
        service.Pause = new TaskCompletionSource();
        clock.Advance(Interval);
        await Eventually.IsTrueAsync(() => Task.FromResult(service.Questions == 1 && clock.Waiting == 1), "It was not asked.");
        clock.Advance(SecretsExtensions.Deadline);
        await RoundAsync();
        Assert.That(log.Lines, Has.Exactly(1).Contains("no answer within 10 s"));

        service.Pause.SetResult();
        service.Settings["DATABASE_APP_PASSWORD"] = "second";
        await AskAsync();

        Assert.That(Now.AppPassword, Is.EqualTo("second"));
    }

    [TestCase("DATABASE_POOL_SIZE", "canary")]
    [TestCase("DATABASE_POOL_SIZE", "0")]
    [TestCase("DATABASE_URL", "canary")]
    [TestCase("SIGNING_SECRET", "canary")]
    [TestCase("LOG_LEVEL", "canary")]
    public async Task What_could_not_start_the_API_is_refused_as_a_whole(string name, string value)
    {
        service.Settings["DATABASE_APP_PASSWORD"] = "second";
        service.Settings[name] = value;
        await AskAsync();
        await AskAsync();

        Assert.That((Now.AppPassword, Now.PoolSize), Is.EqualTo(("first", 7)));
        Assert.That(log.Lines, Has.Exactly(1).Contains($"impossible").And.Exactly(1).Contains(name));
        Assert.That(Lines, Does.Not.Contain("canary"));

        service.Settings.TryRemove(name, out _);
        await AskAsync();
        Assert.That(Now.AppPassword, Is.EqualTo("second"));
    }

    [Test]
    public async Task A_name_that_the_API_needs_may_not_vanish()
    {
        service.Settings["DATABASE_URL"] = "postgres://u@db.test/d";
        await AskAsync();
        service.Settings.TryRemove("DATABASE_APP_PASSWORD", out _);
        await AskAsync();

        Assert.That(Now.AppPassword, Is.EqualTo("first"));
        Assert.That(log.Lines, Has.Exactly(1).Contains("DATABASE_APP_PASSWORD is needed"));
    }

    [Test]
    public async Task What_is_no_setting_is_ignored_and_named_once()
    {
        service.Settings["username"] = "canary";
        service.Settings["Logging:LogLevel:Default"] = "Trace";
        service.Settings["SECRETS_PROVIDER"] = "none";
        service.Settings["p4ssw0rd-in-the-wrong-place"] = "canary";
        await AskAsync();
        await AskAsync();

        var configuration = services.GetRequiredService<IConfiguration>();
        Assert.Multiple(() =>
        {
            Assert.That(configuration["username"] ?? configuration["Logging:LogLevel:Default"] ?? configuration["SECRETS_PROVIDER"], Is.Null);
            Assert.That(log.Lines, Has.Exactly(1).Contains("\"count\":4").And.Exactly(1).Contains("SECRETS_PROVIDER, username"));
            Assert.That(Lines, Does.Not.Contain("canary").And.Not.Contain("p4ssw0rd"));
        });
    }

    [Test]
    public async Task Callers_at_the_same_time_share_a_question()
    {
        service.Pause = new TaskCompletionSource();
        var refresh = services.GetRequiredService<SecretsRefresh>();
        var asking = Task.WhenAll(Enumerable.Range(0, 50).Select(_ => refresh.RefreshAsync(CancellationToken.None)));
        service.Pause.SetResult();
        await asking;

        Assert.That(service.Questions, Is.EqualTo(1));
    }

    private Task AskAsync()
    {
        clock.Advance(Interval);
        return RoundAsync();
    }

    /// <summary>The question was answered, or given up, and the next one is waited for.</summary>
    private async Task RoundAsync()
    {
        var asked = ++rounds;
        await Eventually.IsTrueAsync(() => Task.FromResult(service.Questions == asked), "It was not asked.");
        await IsWaitingAsync();
    }

    private Task IsWaitingAsync() =>
        Eventually.IsTrueAsync(() => Task.FromResult(clock.WaitsFor(Interval)), "Nobody waits for the next question.");
}
