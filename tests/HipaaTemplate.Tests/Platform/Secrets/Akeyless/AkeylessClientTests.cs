using System.Globalization;
using HipaaTemplate.Platform.Secrets.Akeyless;
using HipaaTemplate.Platform.Secrets.Services;
using HipaaTemplate.Tests.Harness.Akeyless;
using HipaaTemplate.Tests.Harness.Services;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Platform.Secrets.Akeyless;

/// <summary>The token of Akeyless: asked for once, again before it ends, and again when it is no good.</summary>
internal sealed class AkeylessClientTests
{
    private readonly List<AkeylessClient> clients = [];
    private ManualTime time = null!;
    private AkeylessDouble akeyless = null!;
    private LogCapture log = null!;
    private ServiceProvider services = null!;

    private int Authentications => akeyless.CallsOf("/auth");

    private static IEnumerable<TestCaseData> Forms =>
    [
        new TestCaseData((Func<DateTimeOffset, string?>)(end => end.ToString("O"))).SetArgDisplayNames("RFC 3339"),
        new TestCaseData((Func<DateTimeOffset, string?>)(end => end.UtcDateTime.ToString("s") + "Z")).SetArgDisplayNames("whole seconds"),
        new TestCaseData((Func<DateTimeOffset, string?>)(end => end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))).SetArgDisplayNames("Unix"),
    ];

    private static IEnumerable<TestCaseData> Unstated =>
    [
        new TestCaseData((Func<DateTimeOffset, string?>)(_ => null)).SetArgDisplayNames("absent"),
        new TestCaseData((Func<DateTimeOffset, string?>)(_ => "")).SetArgDisplayNames("empty"),
        new TestCaseData((Func<DateTimeOffset, string?>)(_ => "in an hour")).SetArgDisplayNames("words"),
        new TestCaseData((Func<DateTimeOffset, string?>)(_ => "99999999999999999999")).SetArgDisplayNames("too large"),
        new TestCaseData((Func<DateTimeOffset, string?>)(_ => "0")).SetArgDisplayNames("past"),
    ];

    [SetUp]
    public async Task StartAsync()
    {
        time = new ManualTime();
        akeyless = await AkeylessDouble.StartAsync(time);
        akeyless.Keys["/key"] = new AkeylessItem();
        log = new LogCapture();
        var collection = new ServiceCollection();
        collection.AddLogging();
        log.Install(collection);
        services = collection.BuildServiceProvider();
    }

    [TearDown]
    public async Task StopAsync()
    {
        clients.ForEach(client => client.Dispose());
        clients.Clear();
        await akeyless.DisposeAsync();
        await services.DisposeAsync();
    }

    [Test]
    public async Task Sixty_four_callers_authenticate_once()
    {
        var client = NewClient();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => AskAsync(client)));
        Assert.That(Authentications, Is.EqualTo(1));
    }

    [TestCaseSource(nameof(Forms))]
    public async Task Before_its_token_ends_it_authenticates_again(Func<DateTimeOffset, string?> form)
    {
        akeyless.Expiration = form;
        var client = NewClient();
        await AskAsync(client);
        time.Advance(akeyless.TokenLife * 0.5);
        await AskAsync(client);
        Assert.That(Authentications, Is.EqualTo(1));
        time.Advance(akeyless.TokenLife * 0.2);
        await AskAsync(client);
        await Eventually.IsTrueAsync(() => Task.FromResult(Authentications == 2), "Nobody authenticated again.");
    }

    [TestCaseSource(nameof(Unstated))]
    public async Task Where_the_end_is_not_said_the_token_is_trusted_for_minutes_only(Func<DateTimeOffset, string?> form)
    {
        akeyless.Expiration = form;
        var client = NewClient();
        await AskAsync(client);
        time.Advance(TimeSpan.FromMinutes(5));
        await AskAsync(client);
        Assert.That(Authentications, Is.EqualTo(1));
        time.Advance(TimeSpan.FromMinutes(5));
        await AskAsync(client);
        Assert.That(Authentications, Is.EqualTo(2));
    }

    [Test]
    public async Task When_its_token_is_no_good_it_authenticates_once_and_asks_once_more()
    {
        var client = NewClient();
        await AskAsync(client);
        akeyless.RevokeTokens();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => AskAsync(client)));
        Assert.That(Authentications, Is.EqualTo(2));
    }

    [Test]
    public void A_wrong_key_is_refused_once_and_named_nowhere()
    {
        var client = NewClient(accessKey: "canary-of-an-access-key");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var failure = Assert.CatchAsync<ServiceException>(() => AskAsync(client))!;
            Assert.That((failure.Fault, failure.Reason), Is.EqualTo((ServiceFault.Refused, "login_refused")));
            Assert.That(failure.ToString(), Does.Not.Contain("canary"));
        }

        Assert.That(Authentications, Is.EqualTo(1));
        Assert.That(log.Lines, Has.One.Contains("Authentication with Akeyless failed"));
        Assert.That(log.Lines, Has.None.Contains("canary"));
    }

    private AkeylessClient NewClient(string accessKey = AkeylessDouble.AccessKey)
    {
        var settings = StageSettings.Of<AkeylessSettings>(new Dictionary<string, string>
        {
            ["AKEYLESS_URL"] = akeyless.Address.ToString(),
            ["AKEYLESS_ACCESS_ID"] = AkeylessDouble.AccessId,
            ["AKEYLESS_ACCESS_KEY"] = accessKey,
        });
        var client = new AkeylessClient(settings, time, services.GetRequiredService<ILogger<AkeylessClient>>());
        clients.Add(client);
        return client;
    }

    private static async Task AskAsync(AkeylessClient client)
    {
        using var answer = await client.SendAsync("describe-item", writer => writer.WriteString("name", "/key"), CancellationToken.None);
    }
}
