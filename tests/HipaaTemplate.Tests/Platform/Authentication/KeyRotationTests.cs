using System.Net;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Keys;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>Keys come from the identity provider and change while the API runs.</summary>
internal sealed class KeyRotationTests
{
    private ManualTime time = null!;
    private TestIssuer issuer = null!;
    private ApiHost api = null!;
    private Clinic clinic = null!;

    [SetUp]
    public async Task StartAsync()
    {
        time = new ManualTime();
        issuer = await TestIssuer.StartAsync();
        api = new ApiHost(App.DatabaseUrl, issuer, null, services => services.AddSingleton<TimeProvider>(time));
        clinic = await App.NewClinicAsync(api);
        await ShouldBeServedAsync(Token().Sign());
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Test]
    public async Task A_new_key_is_accepted_by_the_first_requests_that_bring_it_with_one_fetch()
    {
        var old = Token().Sign();
        time.Advance(IssuerKeys.GapAfterFind);
        var before = issuer.KeyFetches;

        issuer.Rotated = RSA.Create(2048);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ShouldBeServedAsync(Rotated())));

        await ShouldBeServedAsync(old);
        Assert.That(issuer.KeyFetches, Is.EqualTo(before + 1));
    }

    [Test]
    public async Task A_second_rotation_right_after_the_first_costs_nobody_a_refusal()
    {
        time.Advance(IssuerKeys.GapAfterFind);
        issuer.Rotated = RSA.Create(2048);
        await ShouldBeServedAsync(Rotated());

        using var second = RSA.Create(2048);
        issuer.Published = [TestIssuer.PublicKey(issuer.Rsa, "rsa"), TestIssuer.PublicKey(second, "second")];
        var answer = ShouldBeServedAsync(Token().WithHeader("kid", "second").SignBy(second));
        // The request waits for the pause to end; the clock that says so is the test's.
        await Eventually.IsTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return Task.FromResult(answer.IsCompleted);
            },
            "It was never answered.");
        await answer;
    }

    [Test]
    public async Task Invented_key_ids_cause_one_fetch_in_thirty_seconds()
    {
        time.Advance(IssuerKeys.GapAfterFind);
        var before = issuer.KeyFetches;
        for (var i = 0; i < 200; i++)
        {
            var invented = Token().WithHeader("kid", $"invented-{i}").Sign();
            await (await GetAsync(invented)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
            time.Advance(TimeSpan.FromMilliseconds(140));
        }

        Assert.That(issuer.KeyFetches, Is.EqualTo(before + 1));
        time.Advance(IssuerKeys.GapAfterMiss);
        await GetAsync(Token().WithHeader("kid", "one-more").Sign());
        Assert.That(issuer.KeyFetches, Is.EqualTo(before + 2));
    }

    [Test]
    public async Task A_withdrawn_key_is_refused_after_the_next_reading_also_for_tokens_seen_before()
    {
        var seen = Token().Sign();
        await ShouldBeServedAsync(seen);
        using var other = RSA.Create(2048);
        issuer.Published = [TestIssuer.PublicKey(other, "other")];

        time.Advance(IssuerKeys.RefreshAfter);
        await Eventually.IsTrueAsync(
            async () => (await GetAsync(Token().WithHeader("kid", "other").SignBy(other))).IsSuccessStatusCode,
            "The keys were never read again.");

        // Else the requests wait for the pause to end.
        time.Advance(IssuerKeys.GapAfterFind);
        await (await GetAsync(seen)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        await (await GetAsync(Token().Sign())).ShouldBeAsync(AuthenticationErrors.TokenRefused);
    }

    [Test]
    public async Task A_key_under_the_same_id_that_is_another_key_does_not_let_old_tokens_in()
    {
        var seen = Token().Sign();
        await ShouldBeServedAsync(seen);
        using var other = RSA.Create(2048);
        issuer.Published = [TestIssuer.PublicKey(other, "rsa", alg: "RS256")];

        time.Advance(IssuerKeys.RefreshAfter);
        await Eventually.IsTrueAsync(
            async () => (await GetAsync(seen)).StatusCode == HttpStatusCode.Unauthorized, "The old key was never forgotten.");

        await ShouldBeServedAsync(Token().SignBy(other));
    }

    /// <summary>One key without an id, as small providers have it: then there is nothing to confuse.</summary>
    [Test]
    public async Task A_token_without_a_key_id_is_accepted_where_one_key_alone_would_do()
    {
        await using var single = await TestIssuer.StartAsync();
        single.Published = [TestIssuer.PublicKey(single.Rsa, "rsa"), TestIssuer.PublicKey(single.Weak, "weak")];
        await using var its = new ApiHost(App.DatabaseUrl, single);

        var answer = await its.WithToken(single.NewToken(clinic.Doctor).WithoutHeader("kid").Sign()).GetAsync(ProbeFeature.Path);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>Good for an hour, because the clock is moved.</summary>
    private TokenBuilder Token() => issuer.NewToken(clinic.Doctor).With("exp", time.GetUtcNow().ToUnixTimeSeconds() + 3600);

    private string Rotated() => Token().WithHeader("kid", "rotated").SignBy(issuer.Rotated!);

    private async Task ShouldBeServedAsync(string token) =>
        Assert.That((await GetAsync(token)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    private Task<HttpResponseMessage> GetAsync(string token) => api.WithToken(token).GetAsync(ProbeFeature.Path);
}
