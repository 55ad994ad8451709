using System.Diagnostics;
using System.Net;
using System.Text;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Tests.Platform.Health;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>
/// An identity provider that is away, hangs or says nonsense: who has never heard from it lets nobody in and
/// says so at once, and who has goes on with what is known.
/// </summary>
[NonParallelizable]
internal sealed class IssuerAvailabilityTests
{
    private const int Mebibyte = 1024 * 1024;
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private ManualTime time = null!;
    private LogCapture log = null!;
    private TestIssuer issuer = null!;
    private ApiHost api = null!;
    private Clinic clinic = null!;

    [SetUp]
    public async Task StartAsync()
    {
        time = new ManualTime();
        log = new LogCapture();
        issuer = await TestIssuer.StartAsync();
        clinic = await App.NewClinicAsync();
        api = new ApiHost(App.DatabaseUrl, issuer, null, services =>
        {
            log.Install(services);
            services.AddSingleton<TimeProvider>(time);
            services.AddSingleton(IssuerPatience.OfRequests);
        });
    }

    [TearDown]
    public async Task StopAsync()
    {
        issuer.Gate?.TrySetResult();
        await api.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Test]
    public async Task While_it_hangs_at_the_start_twelve_requests_at_once_are_all_told_so_within_two_and_a_half_seconds()
    {
        issuer.Gate = new TaskCompletionSource();
        using var client = api.WithToken(Token().Sign());
        (await api.Anonymous().GetAsync("/health")).EnsureSuccessStatusCode();

        var clock = Stopwatch.StartNew();
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => client.GetAsync(ProbeFeature.Path)));
        var elapsed = clock.Elapsed;

        foreach (var answer in answers)
        {
            await answer.ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
            Assert.That(answer.Headers.RetryAfter?.ToString(), Is.EqualTo("5"));
            Assert.That(answer.Headers.WwwAuthenticate, Is.Empty, "the token may be good");
        }

        await TestContext.Progress.WriteLineAsync($"12 requests while the issuer hangs: {elapsed.TotalSeconds:F2} s");
        Assert.That(elapsed, Is.LessThan(TimeSpan.FromSeconds(2.5)));
    }

    [Test]
    public async Task While_it_is_away_at_the_start_readiness_is_red_and_both_recover_when_it_is_back()
    {
        issuer.IsAway = true;
        await (await GetAsync(Token().Sign())).ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
        await api.ShouldBeRedAsync("signing keys");

        issuer.IsAway = false;
        // It was asked a moment ago; until the pause is over nobody asks again.
        await (await GetAsync(Token().Sign())).ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
        time.Advance(IssuerKeys.GapAfterFailure + Freshness);

        await ShouldBeServedAsync(Token().Sign());
        await api.ShouldBeGreenAsync();
        Assert.That(log.IssuerFailures(), Is.Not.Empty.And.All.EqualTo("status_503"));
    }

    [Test]
    public async Task While_it_hangs_later_known_keys_serve_as_before_and_an_unknown_one_is_not_called_wrong()
    {
        await ShouldBeServedAsync(Token().Sign());
        issuer.Gate = new TaskCompletionSource();
        time.Advance(IssuerKeys.RefreshAfter);

        var unknown = GetAsync(Token().WithHeader("kid", "unknown").Sign());
        for (var i = 0; i < 20; i++)
        {
            await ShouldBeServedAsync(Token().With("n", i).Sign());
        }

        Assert.That(unknown.IsCompleted, Is.False, "the others did not wait for it");
        await (await unknown).ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
        await api.ShouldBeGreenAsync();
    }

    [Test]
    public async Task After_a_day_without_it_nothing_of_it_is_believed_any_more()
    {
        await ShouldBeServedAsync(Token().Sign());
        issuer.IsAway = true;

        time.Advance(IssuerKeys.MaximumAge - TimeSpan.FromMinutes(1));
        await ShouldBeServedAsync(Token().Sign());
        time.Advance(TimeSpan.FromMinutes(1));

        await (await GetAsync(Token().Sign())).ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
        await api.ShouldBeRedAsync("signing keys");
    }

    /// <summary>The host would be stopped by what a background service throws, and a request answered with 500.</summary>
    [Test]
    public async Task What_nobody_thought_of_is_an_issuer_that_is_away_and_is_not_asked_again_at_once()
    {
        var asked = 0;
        var registration = IssuerRegistration.TryCreate(
            new IssuerDefinition { Issuer = "https://issuer.test", ClientIds = ["client"] }, allowPlainHttp: false, out _)!;
        var keys = new IssuerKeys(
            registration,
            _ =>
            {
                asked++;
                throw new UriFormatException();
            },
            IssuerPatience.OfRequests,
            time,
            NullLogger<IssuerKeys>.Instance);

        for (var i = 0; i < 3; i++)
        {
            Assert.That(await keys.GetAsync(CancellationToken.None), Is.Null);
        }

        Assert.That(asked, Is.EqualTo(1));
        time.Advance(IssuerKeys.GapAfterFailure);
        await keys.GetAsync(CancellationToken.None);
        Assert.That(asked, Is.EqualTo(2));
    }

    [Test]
    public async Task A_host_that_DNS_has_no_form_for_is_no_address()
    {
        // A label has 63 octets at most; this one has 64 once it is written in ASCII.
        issuer.StatedKeysAddress = $"https://{new string('ä', 58)}.example/jwks";

        await (await GetAsync(Token().Sign())).ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
        Assert.That(log.IssuerFailures(), Is.Not.Empty.And.All.EqualTo("no_address_of_keys"));
    }

    [TestCase("issuer_mismatch")]
    [TestCase("no_address_of_keys")]
    [TestCase("no_connection")]
    [TestCase("not_json")]
    [TestCase("too_large")]
    [TestCase("no_key_of_use")]
    [TestCase("status_302")]
    [TestCase("status_307")]
    [TestCase("status_404")]
    public async Task What_cannot_be_believed_lets_nobody_in(string reason)
    {
        Misbehave(reason);

        await (await GetAsync(Token().Sign())).ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
        Assert.That(log.IssuerFailures(), Is.Not.Empty.And.All.EqualTo(reason));
        Assert.That(issuer.StrangerKeyFetches, Is.Zero);
    }

    [TestCase("issuer_mismatch")]
    [TestCase("not_json")]
    [TestCase("too_large")]
    [TestCase("no_key_of_use")]
    [TestCase("status_302")]
    public async Task What_cannot_be_believed_does_not_take_known_keys_away(string reason)
    {
        await ShouldBeServedAsync(Token().Sign());
        Misbehave(reason);
        time.Advance(IssuerKeys.RefreshAfter);
        await ShouldBeServedAsync(Token().Sign());
        await Eventually.IsTrueAsync(() => Task.FromResult(log.IssuerFailures().Contains(reason)), "It was never asked again.");

        await ShouldBeServedAsync(Token().With("n", 1).Sign());
    }

    [Test]
    public async Task A_document_of_a_mebibyte_is_read_and_one_byte_more_is_not()
    {
        issuer.KeysAnswer = () => Results.Text(Padded(Mebibyte), "application/json");
        await ShouldBeServedAsync(Token().Sign());

        issuer.KeysAnswer = () => Results.Text(Padded(Mebibyte + 1), "application/json");
        time.Advance(IssuerKeys.RefreshAfter);
        await ShouldBeServedAsync(Token().Sign());
        await Eventually.IsTrueAsync(() => Task.FromResult(log.IssuerFailures().Contains("too_large")), "It was never asked again.");
    }

    /// <summary>Azure AD B2C names its policy there.</summary>
    [Test]
    public async Task The_address_of_the_keys_may_have_a_query()
    {
        issuer.StatedKeysAddress = issuer.Issuer + "/jwks?p=policy";

        await ShouldBeServedAsync(Token().Sign());
    }

    /// <summary>In order, so that what a token says is looked at before anybody is asked about its key.</summary>
    [Test]
    public async Task A_token_that_cannot_be_good_does_not_wait_for_it()
    {
        issuer.Gate = new TaskCompletionSource();

        await (await GetAsync(Token().With("exp", 1).Sign())).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        await (await GetAsync(Token().With("iss", "https://other.test").Sign())).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        await (await GetAsync(Token().With("aud", "other").Sign())).ShouldBeAsync(AuthenticationErrors.TokenRefused);
    }

    private void Misbehave(string how)
    {
        switch (how)
        {
            case "issuer_mismatch":
                issuer.StatedIssuer = "https://evil.test";
                break;
            case "no_address_of_keys":
                issuer.StatedKeysAddress = "http://10.0.0.1/jwks";
                break;
            case "no_connection":
                issuer.StatedKeysAddress = "http://127.0.0.1:1/jwks";
                break;
            case "status_302":
                // What it leads to would be believed, if anybody followed.
                issuer.KeysAnswer = () => Results.Redirect(issuer.StrangerKeys);
                break;
            case "status_307":
                // Where clouds keep the secrets of a machine.
                issuer.KeysAnswer = () => Results.Redirect("http://169.254.169.254/latest", preserveMethod: true);
                break;
            default:
                issuer.KeysAnswer = () => how switch
                {
                    "not_json" => Results.Text("<html>Sign in to the guest network</html>", "text/html"),
                    "too_large" => Results.Text(Padded(Mebibyte + 1), "application/json"),
                    "no_key_of_use" => Results.Json(new { keys = Array.Empty<object>() }),
                    _ => Results.NotFound(),
                };
                break;
        }
    }

    /// <summary>The issuer's keys, in a document of this many bytes.</summary>
    private string Padded(int length)
    {
        var keys = $$"""{"keys":[{{System.Text.Json.JsonSerializer.Serialize(TestIssuer.PublicKey(issuer.Rsa, "rsa"))}}],"padding":""" + "\"";
        return new StringBuilder(keys).Append('x', length - keys.Length - 2).Append("\"}").ToString();
    }

    private TokenBuilder Token()
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        return issuer.NewToken(clinic.Doctor).With("iat", now).With("nbf", now).With("exp", now + 3600);
    }

    private async Task ShouldBeServedAsync(string token) =>
        Assert.That((await GetAsync(token)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    private Task<HttpResponseMessage> GetAsync(string token) => api.WithToken(token).GetAsync(ProbeFeature.Path);
}
