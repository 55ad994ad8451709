using System.Net;
using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>
/// Every way a token can be wrong that RFC 7519, RFC 7515 and RFC 8725 name, one at a time: each case
/// changes exactly one thing of a token that is otherwise accepted.
/// </summary>
internal sealed class TokenMatrixTests
{
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [TestCaseSource(nameof(GoodTokens))]
    public async Task A_token_is_accepted_when(Func<TokenBuilder, string> write)
    {
        var answer = await SendAsync("Bearer " + write(App.Issuer.NewToken(clinic.Doctor)));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), await answer.Content.ReadAsStringAsync());
    }

    [TestCaseSource(nameof(BadTokens))]
    public async Task A_token_is_refused_when(Func<TokenBuilder, string> write)
    {
        var token = write(App.Issuer.NewToken(clinic.Doctor));

        await ShouldBeRefusedAsync(
            await SendAsync("Bearer " + token), AuthenticationErrors.TokenRefused, token);
    }

    [TestCaseSource(nameof(NotBearerTokens))]
    public async Task There_is_no_bearer_token_when(Func<string, string?> authorization)
    {
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();

        await ShouldBeRefusedAsync(
            await SendAsync(authorization(token)), AuthenticationErrors.NoToken, token);
    }

    [TestCase("access_token")]
    [TestCase("token")]
    public async Task A_token_in_the_query_is_not_looked_at(string parameter)
    {
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();

        var answer = await App.Api.Anonymous().GetAsync($"{ProbeFeature.Path}?{parameter}={token}");

        await ShouldBeRefusedAsync(answer, AuthenticationErrors.NoToken, token);
    }

    [Test]
    public async Task Two_Authorization_headers_are_refused_though_both_tokens_are_good()
    {
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();
        using var request = new HttpRequestMessage(HttpMethod.Get, ProbeFeature.Path);
        request.Headers.TryAddWithoutValidation("Authorization", ["Bearer " + token, "Bearer " + token]);

        var answer = await App.Api.Anonymous().SendAsync(request);

        await ShouldBeRefusedAsync(answer, AuthenticationErrors.TokenRefused, token);
    }

    [Test]
    public async Task A_token_of_60_kB_is_refused_before_anybody_reads_it()
    {
        var answer = await SendAsync(
            "Bearer " + App.Issuer.NewToken(clinic.Doctor).With("padding", new string('x', 45_000)).Sign());

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.RequestHeaderFieldsTooLarge));
    }

    [Test]
    public async Task A_key_that_the_token_brings_or_points_to_is_never_fetched()
    {
        foreach (var header in new[] { "jku", "x5u" })
        {
            var token = App.Issuer.NewToken(clinic.Doctor)
                .WithHeader("kid", "stranger").WithHeader(header, App.Issuer.StrangerKeys)
                .Sign(SignedByStranger);
            await (await SendAsync("Bearer " + token)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        }

        Assert.That(App.Issuer.StrangerKeyFetches, Is.Zero);
        using var client = new HttpClient();
        await client.GetAsync(App.Issuer.StrangerKeys);
        Assert.That(App.Issuer.StrangerKeyFetches, Is.EqualTo(1), "the count counts");
    }

    private static Task<HttpResponseMessage> SendAsync(string? authorization)
    {
        var client = App.Api.Anonymous();
        if (authorization is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        }

        return client.GetAsync(ProbeFeature.Path);
    }

    private static async Task ShouldBeRefusedAsync(HttpResponseMessage answer, Error error, string token)
    {
        await answer.ShouldBeAsync(error);
        var visible = answer.Headers.Concat(answer.Content.Headers)
            .SelectMany(header => header.Value)
            .Append(await answer.Content.ReadAsStringAsync());
        Assert.Multiple(() =>
        {
            Assert.That(answer.Headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer"));
            foreach (var part in token.Split('.').Where(part => part.Length >= 8))
            {
                Assert.That(visible, Has.None.Contains(part[..8]));
            }
        });
    }

    private static IEnumerable<TestCaseData> GoodTokens()
    {
        yield return Good("nothing is wrong", t => t.Sign());
        yield return Good("alg is PS256", t => t.WithHeader("alg", "PS256").Sign(
            input => App.Issuer.Rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)));
        yield return Good("alg is ES256", t => t.WithHeader("alg", "ES256").WithHeader("kid", "ec").Sign(
            input => App.Issuer.Ec.SignData(input, HashAlgorithmName.SHA256)));
        yield return Good("aud is an array that holds ours", t => t
            .With("aud", new[] { "https://elsewhere.test", TestIssuer.Audience }).Sign());
        yield return Good("it expired within the skew", t => t
            .With("nbf", Now - 600).With("exp", Now - 15).Sign());
        yield return Good("it begins within the skew", t => t.With("nbf", Now + 15).Sign());
        yield return Good("it has no nbf and no iat", t => t.Without("nbf").Without("iat").Sign());
    }

    private static IEnumerable<TestCaseData> BadTokens()
    {
        // audience
        yield return Bad("aud is another API", t => t.With("aud", "https://other.test").Sign());
        yield return Bad("aud is missing", t => t.Without("aud").Sign());
        yield return Bad("aud is empty", t => t.With("aud", "").Sign());
        yield return Bad("aud is null", t => t.With("aud", null).Sign());
        yield return Bad("aud is a number", t => t.With("aud", 1).Sign());
        yield return Bad("aud is an empty array", t => t.With("aud", Array.Empty<string>()).Sign());
        yield return Bad("aud is an array without ours", t => t.With("aud", new[] { "a", "b" }).Sign());
        yield return Bad("aud has a slash too many", t => t.With("aud", TestIssuer.Audience + "/").Sign());
        yield return Bad("aud differs in case", t => t.With("aud", TestIssuer.Audience.ToUpperInvariant()).Sign());
        yield return Bad("aud only begins like ours", t => t.With("aud", TestIssuer.Audience + ".evil.test").Sign());
        yield return Bad("aud is the client id, not the API", t => t.With("aud", TestIssuer.ClientId).Sign());

        // issuer
        yield return Bad("iss is another", t => t.With("iss", "https://issuer.test").Sign());
        yield return Bad("iss is missing", t => t.Without("iss").Sign());
        yield return Bad("iss is empty", t => t.With("iss", "").Sign());
        yield return Bad("iss has a slash too many", t => t.With("iss", App.Issuer.Issuer + "/").Sign());
        yield return Bad("iss differs in case", t => t.With("iss", App.Issuer.Issuer.ToUpperInvariant()).Sign());

        // lifetime
        yield return Bad("it expired beyond the skew", t => t.With("nbf", Now - 600).With("exp", Now - 45).Sign());
        yield return Bad("it begins beyond the skew", t => t.With("nbf", Now + 60).With("exp", Now + 600).Sign());
        yield return Bad("exp is missing", t => t.Without("exp").Sign());

        // subject
        yield return Bad("sub is missing", t => t.Without("sub").Sign());
        yield return Bad("sub is empty", t => t.With("sub", "").Sign());

        // key
        yield return Bad("kid is unknown, the key right", t => t.WithHeader("kid", "other").Sign());
        yield return Bad("kid is absent, the key right", t => t.WithoutHeader("kid").Sign());
        yield return Bad("kid is empty, the key right", t => t.WithHeader("kid", "").Sign());
        yield return Bad("kid is that of another key", t => t.WithHeader("kid", "ec").Sign());
        yield return Bad("kid is a path", t => t.WithHeader("kid", "../../../dev/null").Sign(EmptyKeyHmac));
        yield return Bad("a stranger signed it", t => t.Sign(SignedByStranger));
        yield return Bad("it brings its key as jwk", t => t
            .WithHeader("jwk", TestIssuer.PublicKey(App.Issuer.Stranger, "rsa")).Sign(SignedByStranger));
        yield return Bad("it brings its key as jwk, without kid", t => t.WithoutHeader("kid")
            .WithHeader("jwk", TestIssuer.PublicKey(App.Issuer.Stranger, "rsa")).Sign(SignedByStranger));
        yield return Bad("it points to its key by jku", t => t
            .WithHeader("jku", "https://stranger.test/keys").Sign(SignedByStranger));

        // algorithm
        foreach (var none in new[] { "none", "None", "NONE", "nOnE" })
        {
            yield return Bad($"alg is {none}, unsigned", t => t.WithHeader("alg", none).Sign(_ => []));
            yield return Bad($"alg is {none}, signed", t => t.WithHeader("alg", none).Sign());
        }

        yield return Bad("alg is missing", t => t.WithoutHeader("alg").Sign());
        yield return Bad("the signature is empty", t => t.Sign(_ => []));
        yield return Bad("alg is HS256, keyed by the public key in PEM", t => t.WithHeader("alg", "HS256").Sign(
            Hmac(() => Encoding.ASCII.GetBytes(App.Issuer.Rsa.ExportSubjectPublicKeyInfoPem()))));
        yield return Bad("alg is HS256, keyed by the public key in PEM with a line end", t => t
            .WithHeader("alg", "HS256").Sign(
            Hmac(() => Encoding.ASCII.GetBytes(App.Issuer.Rsa.ExportSubjectPublicKeyInfoPem() + "\n"))));
        yield return Bad("alg is HS256, keyed by the public key in DER", t => t.WithHeader("alg", "HS256").Sign(
            Hmac(() => App.Issuer.Rsa.ExportSubjectPublicKeyInfo())));
        yield return Bad("alg is HS256, keyed by the modulus", t => t.WithHeader("alg", "HS256").Sign(
            Hmac(() => App.Issuer.Rsa.ExportParameters(includePrivateParameters: false).Modulus!)));
        yield return Bad("alg is HS256, keyed by nothing", t => t.WithHeader("alg", "HS256").Sign(EmptyKeyHmac));
        yield return Bad("alg is RS384", t => t.WithHeader("alg", "RS384").Sign(
            input => App.Issuer.Rsa.SignData(input, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)));
        yield return Bad("alg is RS512", t => t.WithHeader("alg", "RS512").Sign(
            input => App.Issuer.Rsa.SignData(input, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)));
        yield return Bad("alg is PS512", t => t.WithHeader("alg", "PS512").Sign(
            input => App.Issuer.Rsa.SignData(input, HashAlgorithmName.SHA512, RSASignaturePadding.Pss)));
        yield return Bad("alg is ES384", t => t.WithHeader("alg", "ES384").WithHeader("kid", "ec384").Sign(
            input => App.Issuer.Ec384.SignData(input, HashAlgorithmName.SHA384)));
        yield return Bad("an ES256 signature is all zero", t => t
            .WithHeader("alg", "ES256").WithHeader("kid", "ec").Sign(_ => new byte[64]));
        yield return Bad("an ES256 signature is DER", t => t.WithHeader("alg", "ES256").WithHeader("kid", "ec").Sign(
            input => App.Issuer.Ec.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));

        // shape
        yield return Bad("its payload was changed after signing", t =>
        {
            var signed = t.Sign().Split('.');
            var changed = t.With("roles", new[] { "admin" }).Sign().Split('.');
            return $"{signed[0]}.{changed[1]}.{signed[2]}";
        });
        yield return Bad("its header was changed after signing", t =>
        {
            var signed = t.Sign().Split('.');
            var changed = t.WithHeader("typ", "JWT").Sign().Split('.');
            return $"{changed[0]}.{signed[1]}.{signed[2]}";
        });
        yield return Bad("its end is cut off", t => t.Sign()[..^10]);
        yield return Bad("its signature is cut off", t => string.Join('.', t.Sign().Split('.')[..2]));
        yield return Bad("it has a fourth part", t => t.Sign() + ".AAAA");
        yield return Bad("its payload is no JSON", t => Raw(t, "not json").Sign());
        yield return Bad("its payload is an array", t => Raw(t, "[]").Sign());
        yield return Bad("it is a word", _ => "garbage-garbage");
    }

    private static IEnumerable<TestCaseData> NotBearerTokens()
    {
        yield return NoToken("the header is missing", _ => null);
        yield return NoToken("the token is empty", _ => "Bearer ");
        yield return NoToken("the scheme is Basic", _ => "Basic ZGFuYTpzZWNyZXQ=");
        yield return NoToken("the scheme is Basic around a good token", token => "Basic " + token);
        yield return NoToken("the scheme is DPoP", token => "DPoP " + token);
        yield return NoToken("the scheme is missing", token => token);
        yield return NoToken("the scheme runs into the token", token => "Bearer" + token);
    }

    private static TestCaseData Good(string name, Func<TokenBuilder, string> write) =>
        new TestCaseData(write).SetArgDisplayNames(name);

    private static TestCaseData Bad(string name, Func<TokenBuilder, string> write) =>
        new TestCaseData(write).SetArgDisplayNames(name);

    private static TestCaseData NoToken(string name, Func<string, string?> authorization) =>
        new TestCaseData(authorization).SetArgDisplayNames(name);

    private static TokenBuilder Raw(TokenBuilder token, string payload)
    {
        token.RawPayload = payload;
        return token;
    }

    private static byte[] SignedByStranger(byte[] input) =>
        App.Issuer.Stranger.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    private static byte[] EmptyKeyHmac(byte[] input) => HMACSHA256.HashData(Array.Empty<byte>(), input);

    private static Func<byte[], byte[]> Hmac(Func<byte[]> key) => input => HMACSHA256.HashData(key(), input);

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
}
