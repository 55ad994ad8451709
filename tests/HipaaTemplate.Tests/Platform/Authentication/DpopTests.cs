using System.Net;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Tokens;
using static HipaaTemplate.Platform.Authentication.Tokens.TokenRefusal;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>A token that is bound to a key is worth nothing without it (RFC 9449).</summary>
[Hipaa(Citations.Authentication)]
internal sealed class DpopTests
{
    private readonly LogCapture log = new();
    private readonly ClientKey key = ClientKey.New();
    private readonly ClientKey stranger = ClientKey.New();
    private ApiHost api = null!;
    private ApiHost another = null!;
    private ApiHost required = null!;
    private Clinic clinic = null!;

    [Test]
    public async Task Where_the_api_is_is_not_for_the_Host_header_to_say()
    {
        await using var known = new ApiHost(App.DatabaseUrl, App.Issuer, new Dictionary<string, string>
        {
            ["OIDC_DPOP"] = "required",
            ["OIDC_DPOP_ORIGINS"] = "https://api.hipaa-template.test",
        });
        var token = App.Issuer.NewToken(clinic.Doctor).With("cnf", new { jkt = key.Thumbprint }).Sign();

        Assert.That(await StatusAsync("http://evil.example"), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await StatusAsync("https://api.hipaa-template.test"), Is.EqualTo(HttpStatusCode.OK));

        async Task<HttpStatusCode> StatusAsync(string origin)
        {
            using var client = known.Anonymous();
            client.DefaultRequestHeaders.Host = "evil.example";
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "DPoP " + token);
            client.DefaultRequestHeaders.TryAddWithoutValidation(
                "DPoP", key.Proof(HttpMethod.Get, new Uri(origin + ProbeFeature.Path), token).Sign(key.Sign));
            return (await client.GetAsync(ProbeFeature.Path)).StatusCode;
        }
    }

    private static IEnumerable<TestCaseData> WrongProofs()
    {
        yield return Wrong("no typ", ProofMalformed, (h, _) => h.Remove("typ"));
        yield return Wrong("typ of an access token", ProofMalformed, (h, _) => h["typ"] = "at+jwt");
        yield return Wrong("alg none", ProofMalformed, (h, _) => h["alg"] = "none");
        yield return Wrong("alg HS256", ProofMalformed, (h, _) => h["alg"] = "HS256");
        yield return Wrong("alg that does not go with the key", ProofSignatureWrong, (h, _) => h["alg"] = "RS256");
        yield return Wrong("no key", ProofMalformed, (h, _) => h.Remove("jwk"));
        yield return Wrong("its private half in the header", ProofMalformed, (h, _) => ((Dictionary<string, object>)h["jwk"]!)["d"] = "AAAA");
        yield return Wrong("a key that is a secret", ProofMalformed, (h, _) => h["jwk"] = new Dictionary<string, object?> { ["kty"] = "oct", ["k"] = "AAAA" });
        yield return Wrong("crit", ProofMalformed, (h, _) => h["crit"] = new[] { "exp" });
        yield return Wrong("no jti", ProofMalformed, (_, p) => p.Remove("jti"));
        yield return Wrong("empty jti", ProofMalformed, (_, p) => p["jti"] = "");
        yield return Wrong("jti of 129 characters", ProofMalformed, (_, p) => p["jti"] = new string('j', 129));
        yield return Wrong("no iat", ProofMalformed, (_, p) => p.Remove("iat"));
        yield return Wrong("iat a string", ProofMalformed, (_, p) => p["iat"] = "1");
        yield return Wrong("iat 70 seconds ago", ProofTooOldOrTooNew, (_, p) => p["iat"] = (long)p["iat"]! - 70);
        yield return Wrong("iat in 70 seconds", ProofTooOldOrTooNew, (_, p) => p["iat"] = (long)p["iat"]! + 70);
        yield return Wrong("iat in thousands", ProofMalformed, (_, p) => p["iat"] = JsonNode.Parse($"{(long)p["iat"]! / 1000}e3"));
        yield return Wrong("iat beyond all numbers", ProofMalformed, (_, p) => p["iat"] = long.MinValue);
        yield return Wrong("iat whose age is no number", ProofMalformed, (_, p) => p["iat"] = long.MinValue + (long)p["iat"]!);
        yield return Wrong("another method", ProofForAnotherRequest, (_, p) => p["htm"] = "POST");
        yield return Wrong("the method in small letters", ProofForAnotherRequest, (_, p) => p["htm"] = "get");
        yield return Wrong("no method", ProofForAnotherRequest, (_, p) => p.Remove("htm"));
        yield return Wrong("another path", ProofForAnotherRequest, (_, p) => p["htu"] = p["htu"] + "/x");
        yield return Wrong("another host", ProofForAnotherRequest, (_, p) => p["htu"] = "http://api.test/api/v1/probes");
        yield return Wrong("another scheme", ProofForAnotherRequest, (_, p) => p["htu"] = ((string)p["htu"]!).Replace("http:", "https:", StringComparison.Ordinal));
        yield return Wrong("a URL with a query", ProofForAnotherRequest, (_, p) => p["htu"] = p["htu"] + "?a=b");
        yield return Wrong("a URL with a fragment", ProofForAnotherRequest, (_, p) => p["htu"] = p["htu"] + "#f");
        yield return Wrong("a path alone", ProofForAnotherRequest, (_, p) => p["htu"] = ProbeFeature.Path);
        yield return Wrong("no URL", ProofForAnotherRequest, (_, p) => p.Remove("htu"));
        yield return Wrong("another token", ProofForAnotherToken, (_, p) => p["ath"] = new string('A', 43));
        yield return Wrong("no token", ProofForAnotherToken, (_, p) => p.Remove("ath"));
    }

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        api = Host("accepted");
        another = Host("accepted");
        required = Host("required");
        clinic = await App.NewClinicAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await another.DisposeAsync();
        await required.DisposeAsync();
        key.Dispose();
        stranger.Dispose();
    }

    [Test]
    public async Task With_its_proof_it_is_let_in_and_the_query_does_not_matter()
    {
        var token = Bound();
        var me = await (await SendAsync(api, token, Prove(token, url: Url(api, "/api/v1/auth/me")), "/api/v1/auth/me")).ShouldBeJsonAsync();
        Assert.That(me.GetProperty("authentication").GetProperty("proof_of_possession").GetBoolean(), Is.True);

        var answer = await SendAsync(api, token, Prove(token), ProbeFeature.Path + "?a=b");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task The_URL_is_compared_as_URLs_are()
    {
        var token = Bound();
        var proof = Prove(token, (_, p) => p["htu"] = ((string)p["htu"]!).Replace("http://127", "HTTP://127", StringComparison.Ordinal));

        Assert.That((await SendAsync(api, token, proof)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCaseSource(nameof(WrongProofs))]
    public async Task A_proof_is_refused_with(
        TokenRefusal refusal, Action<Dictionary<string, object?>, Dictionary<string, object?>> change)
    {
        var token = Bound();

        await ShouldBeRefusedAsync(token, [Prove(token, change)], refusal);
    }

    [Test]
    public async Task A_proof_of_another_key_is_refused()
    {
        var token = Bound();

        await ShouldBeRefusedAsync(token, [stranger.Proof(HttpMethod.Get, Url(api), token).Sign(stranger.Sign)], ProofOfAnotherKey);
        await ShouldBeRefusedAsync(token, [Prove(token, signer: stranger)], ProofSignatureWrong);
    }

    [Test]
    public async Task No_proof_two_proofs_and_what_is_no_proof_are_refused()
    {
        var token = Bound();

        await ShouldBeRefusedAsync(token, [], ProofMissing);
        await ShouldBeRefusedAsync(token, [""], ProofMissing);
        await ShouldBeRefusedAsync(token, [Prove(token), Prove(token)], ProofMalformed);
        await ShouldBeRefusedAsync(token, ["garbage"], ProofMalformed);
        await ShouldBeRefusedAsync(token, [new string('a', 5000)], ProofMalformed);
    }

    /// <summary>On lines of their own, which a well-behaved client joins into one.</summary>
    [Test]
    public async Task Two_header_lines_are_refused_though_both_proofs_are_good()
    {
        var token = Bound();

        var answer = await RawHttp.SendAsync(
            api.Address,
            $"GET {ProbeFeature.Path} HTTP/1.1\r\nHost: {api.Address.Authority}\r\nAuthorization: DPoP {token}\r\n"
            + $"DPoP: {Prove(token)}\r\nDPoP: {Prove(token)}\r\nConnection: close\r\n\r\n");

        Assert.That(answer, Does.StartWith("HTTP/1.1 401 "));
    }

    [Test]
    public async Task A_proof_is_good_once_on_whichever_instance()
    {
        var token = Bound();
        // For the address of one: the other is asked under the same name.
        var proof = Prove(token);

        Assert.That((await SendAsync(api, token, proof)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await ShouldBeRefusedAsync(token, [proof], ProofUsedBefore);
        using var elsewhere = another.Anonymous();
        elsewhere.DefaultRequestHeaders.Host = api.Address.Authority;
        elsewhere.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "DPoP " + token);
        elsewhere.DefaultRequestHeaders.TryAddWithoutValidation("DPoP", proof);
        await (await elsewhere.GetAsync(ProbeFeature.Path)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
    }

    [Test]
    public async Task Of_twenty_requests_at_once_with_one_proof_one_is_let_in()
    {
        var token = Bound();
        var proof = Prove(token);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(api, token, proof)));

        Assert.That(answers.Count(answer => answer.StatusCode == HttpStatusCode.OK), Is.EqualTo(1));
    }

    /// <summary>A refused proof must not use its id up, or a stranger could use up the owner's.</summary>
    [Test]
    public async Task A_refused_proof_does_not_use_up_its_id()
    {
        var token = Bound();
        var id = $"{Guid.CreateVersion7():N}";

        await ShouldBeRefusedAsync(token, [Prove(token, (_, p) => p["jti"] = id, stranger)], ProofSignatureWrong);

        Assert.That(
            (await SendAsync(api, token, Prove(token, (_, p) => p["jti"] = id))).StatusCode,
            Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Clients_are_told_that_they_may()
    {
        var without = await api.Anonymous().GetAsync(ProbeFeature.Path);
        var refused = await api.WithToken("garbage").GetAsync(ProbeFeature.Path);

        Assert.Multiple(() =>
        {
            Assert.That(without.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer, DPoP algs=\"ES256 PS256 RS256\""));
            Assert.That(refused.Headers.WwwAuthenticate.ToString(), Is.EqualTo(
                "Bearer error=\"invalid_token\", DPoP algs=\"ES256 PS256 RS256\", error=\"invalid_token\""));
        });
    }

    [Test]
    public async Task A_token_that_is_not_bound_is_refused_under_this_scheme_and_let_in_as_before()
    {
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();

        await ShouldBeRefusedAsync(token, [Prove(token)], NotBoundButSentAsDpop);

        Assert.That((await api.WithToken(token).GetAsync(ProbeFeature.Path)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Where_it_is_required_a_bearer_token_is_refused_and_a_bound_one_let_in()
    {
        var token = Bound();

        await (await required.WithToken(App.Issuer.NewToken(clinic.Doctor).Sign()).GetAsync(ProbeFeature.Path))
            .ShouldBeAsync(AuthenticationErrors.TokenRefused);
        var proof = Prove(token, url: Url(required));
        Assert.That((await SendAsync(required, token, proof)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Where_it_is_off_a_bound_token_is_of_no_use_at_all()
    {
        var token = Bound();
        var proof = Prove(token, url: Url(App.Api));

        await (await SendAsync(App.Api, token, proof)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        await (await App.Api.WithToken(token).GetAsync(ProbeFeature.Path)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
    }

    /// <summary>Also for tokens that were seen before, which are not checked in full again.</summary>
    [Test]
    public async Task Seen_with_a_proof_it_is_still_refused_as_a_bearer_token()
    {
        var token = Bound();
        Assert.That((await SendAsync(api, token, Prove(token))).StatusCode, Is.EqualTo(HttpStatusCode.OK));

        await (await api.WithToken(token).GetAsync(ProbeFeature.Path)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
    }

    private ApiHost Host(string mode) => new(
        App.DatabaseUrl, App.Issuer, new Dictionary<string, string> { ["OIDC_DPOP"] = mode }, log.Install);

    private string Bound() => App.Issuer.NewToken(clinic.Doctor).With("cnf", new { jkt = key.Thumbprint }).With("n", Guid.CreateVersion7()).Sign();

    private string Prove(
        string token, Action<Dictionary<string, object?>, Dictionary<string, object?>>? change = null, ClientKey? signer = null, Uri? url = null)
    {
        var proof = key.Proof(HttpMethod.Get, url ?? Url(api), token);
        change?.Invoke(proof.Header, proof.Payload);
        return proof.Sign((signer ?? key).Sign);
    }

    private static Uri Url(ApiHost host, string path = ProbeFeature.Path) => new(host.Address, path);

    private async Task ShouldBeRefusedAsync(string token, string[] proofs, TokenRefusal refusal)
    {
        var requestId = $"{Guid.CreateVersion7():N}";
        using var client = api.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "DPoP " + token);
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Request-Id", requestId);
        client.DefaultRequestHeaders.TryAddWithoutValidation("DPoP", proofs);

        var answer = await client.GetAsync(ProbeFeature.Path);

        await answer.ShouldBeAsync(AuthenticationErrors.TokenRefused);
        Assert.That(log.ReasonOf(requestId), Is.EqualTo(refusal.Word()));
    }

    private static async Task<HttpResponseMessage> SendAsync(ApiHost host, string token, string proof, string path = ProbeFeature.Path)
    {
        using var client = host.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "DPoP " + token);
        client.DefaultRequestHeaders.TryAddWithoutValidation("DPoP", proof);
        return await client.GetAsync(path);
    }

    private static TestCaseData Wrong(
        string name, TokenRefusal refusal, Action<Dictionary<string, object?>, Dictionary<string, object?>> change) =>
        new TestCaseData(refusal, change).SetArgDisplayNames(name);
}
