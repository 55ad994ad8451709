using System.Net;
using System.Net.Http.Headers;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>The identity provider says that a session has ended (OpenID Connect Back-Channel Logout 1.0).</summary>
[Hipaa(Citations.Termination)]
[Hipaa(Citations.AutomaticLogoff)]
internal sealed class BackchannelLogoutTests
{
    private const string Path = "/api/v1/auth/backchannel-logout";
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";
    private Clinic clinic = null!;

    private static IEnumerable<TestCaseData> WrongTokens()
    {
        yield return Wrong("typ of an access token", t => t.WithHeader("typ", "at+jwt"));
        yield return Wrong("the audience of the API", t => t.With("aud", TestIssuer.Audience));
        yield return Wrong("no audience", t => t.Without("aud"));
        yield return Wrong("another issuer", t => t.With("iss", "https://evil.test"));
        yield return Wrong("no events", t => t.Without("events"));
        yield return Wrong("another event", t => t.With("events", new Dictionary<string, object> { ["http://schemas.openid.net/event/x"] = new { } }));
        yield return Wrong("an event that is no object", t => t.With("events", new Dictionary<string, object> { [Event] = true }));
        yield return Wrong("events in a list", t => t.With("events", new[] { Event }));
        yield return Wrong("a nonce, as ID tokens have", t => t.With("nonce", "n"));
        yield return Wrong("neither sub nor sid", t => t.Without("sub").Without("sid"));
        yield return Wrong("no jti", t => t.Without("jti"));
        yield return Wrong("no iat", t => t.Without("iat"));
        yield return Wrong("no exp", t => t.Without("exp"));
        yield return Wrong("exp long past", t => t.With("exp", 1));
        yield return Wrong("crit", t => t.WithHeader("crit", new[] { "exp" }));
        yield return Wrong("an unknown key", t => t.WithHeader("kid", "ec384"));
        yield return Wrong("sid with NUL", t => t.Without("sub").With("sid", "a\0b"));
        yield return Wrong("sid twice", t => t.Doubling("sid", "other"));
    }

    [SetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [Test]
    public async Task The_sessions_tokens_are_refused_in_every_tenant_and_the_users_others_are_not()
    {
        var other = await App.NewClinicAsync();
        var ended = Access(clinic.Doctor, "ended");
        var elsewhere = App.Issuer.NewToken(clinic.Doctor).With("sid", Session("ended")).With("tenant_id", other.Id.ToString()).Sign();
        var goesOn = Access(clinic.Doctor, "goes on");
        await ShouldBeServedAsync(ended);

        var answer = await PostAsync(Logout("ended").Sign());

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), await answer.Content.ReadAsStringAsync());
        Assert.That(answer.Headers.CacheControl!.NoStore, Is.True);
        await ShouldBeRefusedAsync(ended);
        await ShouldBeRefusedAsync(elsewhere);
        await ShouldBeServedAsync(goesOn);
    }

    /// <summary>RFC 9068 knows no sid, and not every issuer writes one into access tokens.</summary>
    [Test]
    public async Task With_both_the_subjects_tokens_that_name_no_session_are_refused_as_well()
    {
        var nameless = App.Issuer.NewToken(clinic.Doctor).Sign();
        var others = App.Issuer.NewToken(clinic.Admin).Sign();
        await ShouldBeServedAsync(nameless);

        Assert.That((await PostAsync(Logout("one").Sign())).StatusCode, Is.EqualTo(HttpStatusCode.OK));

        await ShouldBeRefusedAsync(nameless);
        await ShouldBeServedAsync(Access(clinic.Doctor, "another"));
        await ShouldBeServedAsync(others);
    }

    [Test]
    public async Task Without_a_session_all_tokens_of_the_subject_are_refused()
    {
        Assert.That((await PostAsync(Logout("none").Without("sid").Sign())).StatusCode, Is.EqualTo(HttpStatusCode.OK));

        await ShouldBeRefusedAsync(Access(clinic.Doctor, "one"));
        await ShouldBeRefusedAsync(App.Issuer.NewToken(clinic.Doctor).Sign());
        await ShouldBeServedAsync(Access(clinic.Admin, "one"));
    }

    [TestCase("JWT")]
    [TestCase(null)]
    public async Task Older_providers_do_not_say_in_the_header_what_it_is(string? type)
    {
        var token = type is null ? Logout("old").WithoutHeader("typ") : Logout("old").WithHeader("typ", type);

        Assert.That((await PostAsync(token.Sign())).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCaseSource(nameof(WrongTokens))]
    public async Task A_logout_token_is_refused_with(Func<TokenBuilder, TokenBuilder> change)
    {
        await (await PostAsync(change(Logout("wrong")).Sign())).ShouldBeAsync(AuthenticationErrors.LogoutTokenRefused);

        await ShouldBeServedAsync(Access(clinic.Doctor, "wrong"));
    }

    [Test]
    public async Task A_strangers_logout_token_is_refused()
    {
        await (await PostAsync(Logout("s").SignBy(App.Issuer.Stranger))).ShouldBeAsync(AuthenticationErrors.LogoutTokenRefused);
        await (await PostAsync(Logout("s").Sign(_ => []))).ShouldBeAsync(AuthenticationErrors.LogoutTokenRefused);
    }

    [Test]
    public async Task It_is_good_once()
    {
        var token = Logout("once").Sign();

        Assert.That((await PostAsync(token)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await (await PostAsync(token)).ShouldBeAsync(AuthenticationErrors.LogoutTokenRefused);
    }

    [Test]
    public async Task While_the_issuers_keys_cannot_be_read_it_may_be_sent_again()
    {
        await using var issuer = await TestIssuer.StartAsync();
        issuer.IsAway = true;
        await using var api = new ApiHost(App.DatabaseUrl, issuer);
        var token = Logout("later").With("iss", issuer.Issuer).SignBy(issuer.Rsa);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["logout_token"] = token });

        await (await api.Anonymous().PostAsync(Path, form)).ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
    }

    [Test]
    public async Task Sent_twenty_times_at_once_it_is_good_once()
    {
        var token = Logout("twenty").Sign();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => PostAsync(token)));

        Assert.That(answers.Count(answer => answer.StatusCode == HttpStatusCode.OK), Is.EqualTo(1));
    }

    /// <summary>Clocks of one issuer's machines may differ; a session that has ended has no tokens to come.</summary>
    [Test]
    public async Task A_token_of_the_session_that_claims_to_be_newer_is_refused_too()
    {
        Assert.That((await PostAsync(Logout("newer").Sign())).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var later = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 20;

        await ShouldBeRefusedAsync(App.Issuer.NewToken(clinic.Doctor).With("sid", Session("newer")).With("iat", later).With("nbf", later).Sign());
    }

    [Test]
    public async Task It_is_no_access_token_and_an_access_token_is_no_logout_token()
    {
        await ShouldBeRefusedAsync(Logout("x").With("aud", TestIssuer.Audience).Sign());
        await (await PostAsync(Access(clinic.Doctor, "x"))).ShouldBeAsync(AuthenticationErrors.LogoutTokenRefused);
    }

    [TestCase("")]
    [TestCase("logout_token=")]
    [TestCase("logout_token=garbage")]
    [TestCase("other=x")]
    [TestCase("logout_token=a&logout_token=b")]
    [TestCase("%%%")]
    public async Task What_is_no_form_with_one_token_is_AUTH_005(string form) =>
        await (await SendAsync(new StringContent(form, null, "application/x-www-form-urlencoded"))).ShouldBeAsync(AuthenticationErrors.LogoutTokenRefused);

    [Test]
    public async Task Another_media_type_is_REQ_006()
    {
        await (await SendAsync(new StringContent("{}", null, "application/json"))).ShouldBeAsync(RequestErrors.UnsupportedMediaType);
        await (await SendAsync(null)).ShouldBeAsync(RequestErrors.UnsupportedMediaType);
    }

    /// <summary>Parts that never end, for one.</summary>
    [Test]
    public async Task A_form_in_parts_is_REQ_006()
    {
        var content = new StringContent("--x\r\nContent-Disposition: form-data; name=\"logout_token\"\r\n\r\nabc");
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");

        await (await SendAsync(content)).ShouldBeAsync(RequestErrors.UnsupportedMediaType);
    }

    [Test]
    public async Task A_form_of_two_mebibytes_is_REQ_005()
    {
        var content = new StringContent("logout_token=" + new string('a', 2 * 1024 * 1024), null, "application/x-www-form-urlencoded");
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = content };
        // So that it is refused before it is sent.
        request.Headers.ExpectContinue = true;
        using var client = App.Api.Anonymous();

        await (await client.SendAsync(request)).ShouldBeAsync(RequestErrors.TooLarge);
    }

    private string Session(string name) => $"{name} {clinic.Slug}";

    private string Access(TestUser user, string session) => App.Issuer.NewToken(user).With("sid", Session(session)).Sign();

    private TokenBuilder Logout(string session)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return new TokenBuilder(App.Issuer)
        {
            Header = { ["alg"] = "RS256", ["typ"] = "logout+jwt", ["kid"] = "rsa" },
            Payload =
            {
                ["iss"] = App.Issuer.Issuer,
                ["aud"] = TestIssuer.ClientId,
                ["iat"] = now,
                ["exp"] = now + 120,
                ["jti"] = $"{Guid.CreateVersion7():N}",
                ["events"] = new Dictionary<string, object> { [Event] = new { } },
                ["sub"] = clinic.Doctor.Subject,
                ["sid"] = Session(session),
            },
        };
    }

    private static Task<HttpResponseMessage> PostAsync(string token) =>
        SendAsync(new FormUrlEncodedContent(new Dictionary<string, string> { ["logout_token"] = token }));

    private static Task<HttpResponseMessage> SendAsync(HttpContent? content) => App.Api.Anonymous().PostAsync(Path, content);

    private static async Task ShouldBeServedAsync(string token) =>
        Assert.That((await App.Api.WithToken(token).GetAsync("/api/v1/auth/me")).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    private static async Task ShouldBeRefusedAsync(string token) =>
        await (await App.Api.WithToken(token).GetAsync("/api/v1/auth/me")).ShouldBeAsync(AuthenticationErrors.TokenRefused);

    private static TestCaseData Wrong(string name, Func<TokenBuilder, TokenBuilder> change) =>
        new TestCaseData(change).SetArgDisplayNames(name);
}
