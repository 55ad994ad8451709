using System.Net;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Errors;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>
/// <see cref="TokenCases"/> over HTTP, against the framework's JwtBearer as it comes and against ours, whose
/// log has the reason and whose answer has not.
/// </summary>
[Hipaa(Citations.AutomaticLogoff)]
[Hipaa(Citations.Authentication)]
internal sealed class TokenMatrixTests
{
    private readonly LogCapture log = new();
    private DefaultBearerApi jwtBearer = null!;
    private ApiHost api = null!;
    private Clinic clinic = null!;

    private static IEnumerable<TestCaseData> Cases =>
        TokenCases.All.Select(one => new TestCaseData(one).SetArgDisplayNames(one.Name));

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        jwtBearer = await DefaultBearerApi.StartAsync(App.Issuer);
        api = new ApiHost(App.DatabaseUrl, App.Issuer, null, log.Install);
        clinic = await App.NewClinicAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await jwtBearer.DisposeAsync();
    }

    [TestCaseSource(nameof(Cases))]
    public async Task A_token_is_answered_as_wanted(TokenCase one)
    {
        var token = one.Write(App.Issuer.NewToken(clinic.Doctor));
        var requestId = Guid.CreateVersion7().ToString("N");

        var answer = await SendAsync("Bearer " + token, requestId);

        Assert.That((int)answer.StatusCode, Is.EqualTo(one.Status), await answer.Content.ReadAsStringAsync());
        if (one.Status == 401)
        {
            await ShouldBeRefusedAsync(answer, AuthenticationErrors.TokenRefused, token);
            Assert.That(log.ReasonOf(requestId), Is.EqualTo(one.Refusal!.Value.Word()));
        }
    }

    /// <summary>The difference that the checks make; a new version of the package may change its side of it.</summary>
    [Test]
    public async Task JwtBearer_as_it_comes_answers_what_the_table_says()
    {
        List<string> wrong = [];
        foreach (var one in TokenCases.All)
        {
            var status = await jwtBearer.AnswerAsync(one.Write(App.Issuer.NewToken(clinic.Doctor)));
            if (status != one.JwtBearer)
            {
                wrong.Add($"{one.Name}: {status}, not {one.JwtBearer}");
            }
        }

        var accepted = TokenCases.All.Count(one => one.Refusal is not null && one.JwtBearer == 200);
        await TestContext.Progress.WriteLineAsync(
            $"{TokenCases.All.Count} tokens; JwtBearer as it comes lets {accepted} in that are refused here");
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void There_are_as_many_cases_as_were_promised_and_each_has_a_name_of_its_own() => Assert.Multiple(() =>
    {
        Assert.That(TokenCases.All, Has.Count.AtLeast(99));
        Assert.That(TokenCases.All.Select(one => one.Name), Is.Unique);
    });

    [TestCaseSource(nameof(NotBearerTokens))]
    public async Task There_is_no_bearer_token_when(Func<string, string?> authorization)
    {
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();

        await ShouldBeRefusedAsync(await SendAsync(authorization(token), "none"), AuthenticationErrors.NoToken, token);
    }

    [TestCase("access_token")]
    [TestCase("token")]
    public async Task A_token_in_the_query_is_not_looked_at(string parameter)
    {
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();

        var answer = await api.Anonymous().GetAsync($"{ProbeFeature.Path}?{parameter}={token}");

        await ShouldBeRefusedAsync(answer, AuthenticationErrors.NoToken, token);
    }

    [TestCase("bearer ")]
    [TestCase("BEARER ")]
    [TestCase("Bearer   ")]
    public async Task The_schemes_letters_do_not_matter(string scheme)
    {
        var answer = await SendAsync(scheme + App.Issuer.NewToken(clinic.Doctor).Sign(), "letters");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Two_Authorization_headers_are_refused_though_both_tokens_are_good()
    {
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();
        using var request = new HttpRequestMessage(HttpMethod.Get, ProbeFeature.Path);
        request.Headers.TryAddWithoutValidation("Authorization", ["Bearer " + token, "Bearer " + token]);

        var answer = await api.Anonymous().SendAsync(request);

        await ShouldBeRefusedAsync(answer, AuthenticationErrors.TokenRefused, token);
    }

    /// <summary>The server's own limit for all headers together is no larger, and answers first.</summary>
    [TestCase(CompactToken.MostCharacters, TokenRefusal.NotCompact)]
    [TestCase(CompactToken.MostCharacters + 1, TokenRefusal.TooLarge)]
    public async Task A_token_of_more_than_16_KiB_is_not_looked_at(int length, TokenRefusal refusal)
    {
        var validator = api.Services.GetRequiredService<TokenValidator>();

        var verdict = await validator.ValidateAsync(new string('a', length), isProven: false, CancellationToken.None);

        Assert.That(verdict.Refused?.Reason, Is.EqualTo(refusal));
    }

    /// <summary>Also when the token without it was seen before.</summary>
    [Test]
    public async Task A_letter_that_is_no_ASCII_makes_it_another_token()
    {
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();
        Assert.That((await SendAsync("Bearer " + token, "seen")).StatusCode, Is.EqualTo(HttpStatusCode.OK));

        var answer = await RawConnection.SendAsync(api.Address, System.Text.Encoding.UTF8.GetBytes(
            $"GET {ProbeFeature.Path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\u0100\r\nConnection: close\r\n\r\n"));

        Assert.That(answer.Status, Is.EqualTo(401));
    }

    [Test]
    public async Task A_key_that_the_token_points_to_is_never_fetched()
    {
        foreach (var header in new[] { "jku", "x5u" })
        {
            var token = App.Issuer.NewToken(clinic.Doctor)
                .WithHeader("kid", "stranger").WithHeader(header, App.Issuer.StrangerKeys).SignBy(App.Issuer.Stranger);
            await (await SendAsync("Bearer " + token, header)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        }

        Assert.That(App.Issuer.StrangerKeyFetches, Is.Zero);
        using var client = new HttpClient();
        await client.GetAsync(App.Issuer.StrangerKeys);
        Assert.That(App.Issuer.StrangerKeyFetches, Is.EqualTo(1), "the count counts");
    }

    private async Task<HttpResponseMessage> SendAsync(string? authorization, string requestId)
    {
        using var client = api.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Request-Id", requestId);
        if (authorization is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        }

        return await client.GetAsync(ProbeFeature.Path);
    }

    private static async Task ShouldBeRefusedAsync(HttpResponseMessage answer, Error error, string token)
    {
        await answer.ShouldBeAsync(error);
        var visible = answer.Headers.Concat(answer.Content.Headers)
            .SelectMany(header => header.Value)
            .Append(await answer.Content.ReadAsStringAsync());
        var challenge = error == AuthenticationErrors.NoToken
            ? "Bearer"
            : "Bearer error=\"invalid_token\"";
        Assert.Multiple(() =>
        {
            Assert.That(answer.Headers.WwwAuthenticate.ToString(), Is.EqualTo(challenge));
            foreach (var part in token.Split('.').Where(part => part.Length >= 8))
            {
                Assert.That(visible, Has.None.Contains(part[..8]));
            }
        });
    }

    private static IEnumerable<TestCaseData> NotBearerTokens()
    {
        yield return NoToken("the header is missing", _ => null);
        yield return NoToken("the token is empty", _ => "Bearer ");
        yield return NoToken("the scheme is Basic", _ => "Basic ZGFuYTpzZWNyZXQ=");
        yield return NoToken("the scheme is Basic around a good token", token => "Basic " + token);
        yield return NoToken("the scheme is Token", token => "Token " + token);
        yield return NoToken("the scheme is missing", token => token);
        yield return NoToken("the scheme runs into the token", token => "Bearer" + token);
    }

    private static TestCaseData NoToken(string name, Func<string, string?> authorization) =>
        new TestCaseData(authorization).SetArgDisplayNames(name);
}
