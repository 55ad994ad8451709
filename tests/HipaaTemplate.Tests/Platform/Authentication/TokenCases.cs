using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Tokens;
using Microsoft.IdentityModel.Tokens;
using static HipaaTemplate.Platform.Authentication.Tokens.TokenRefusal;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>One token, and what becomes of it.</summary>
/// <param name="Name">What is the matter with it.</param>
/// <param name="Refusal">Null when it is good.</param>
/// <param name="Status">Of the answer.</param>
/// <param name="JwtBearer">What the framework's JwtBearer answers as it comes.</param>
/// <param name="Write">Changes a good token.</param>
internal sealed record TokenCase(string Name, TokenRefusal? Refusal, int Status, int JwtBearer, Func<TokenBuilder, string> Write);

/// <summary>
/// Every way a token can be wrong that RFC 7515, RFC 7519, RFC 8725 and RFC 9068 name, and those that were
/// seen in the wild: a line a token, each with one thing changed of a token that is otherwise accepted.
/// </summary>
internal static class TokenCases
{
    private const int Day = 24 * 60 * 60;

    public static readonly IReadOnlyList<TokenCase> All =
    [
        // algorithm and key
        Good("nothing is wrong", 200, t => t.Sign()),
        Bad("PS256 by a key that is for RS256", KeyUnknown, 200, t => t.WithHeader("alg", "PS256").Sign(Pss(Issuer.Rsa))),
        Good("PS256 by a key that is for no algorithm in particular", 200, t => t.WithHeader("alg", "PS256").WithHeader("kid", "rsa2").Sign(Pss(Issuer.Rsa2))),
        Bad("RS512", AlgorithmNotAllowed, 200, t => t.WithHeader("alg", "RS512").Sign(Rs(HashAlgorithmName.SHA512))),
        Bad("RS384", AlgorithmNotAllowed, 200, t => t.WithHeader("alg", "RS384").Sign(Rs(HashAlgorithmName.SHA384))),
        Bad("RS1, RSA with SHA-1", AlgorithmUnknown, 401, t => t.WithHeader("alg", "RS1").Sign(Rs(HashAlgorithmName.SHA1))),
        Good("ES256", 200, t => Es(t).Sign(Ec)),
        Bad("ES384", AlgorithmNotAllowed, 200, t => t.WithHeader("alg", "ES384").WithHeader("kid", "ec384").Sign(i => Issuer.Ec384.SignData(i, HashAlgorithmName.SHA384))),
        Bad("an ES256 signature in DER", SignatureWrong, 401, t => Es(t).Sign(i => Issuer.Ec.SignData(i, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))),
        Bad("an ES256 signature of zeros", SignatureWrong, 401, t => Es(t).Sign(_ => new byte[64])),
        Bad("alg none, unsigned", AlgorithmUnknown, 401, t => t.WithHeader("alg", "none").Sign(_ => [])),
        Bad("alg None, unsigned", AlgorithmUnknown, 401, t => t.WithHeader("alg", "None").Sign(_ => [])),
        Bad("alg NONE, unsigned", AlgorithmUnknown, 401, t => t.WithHeader("alg", "NONE").Sign(_ => [])),
        Bad("alg nOnE, unsigned", AlgorithmUnknown, 401, t => t.WithHeader("alg", "nOnE").Sign(_ => [])),
        Bad("alg empty, unsigned", AlgorithmUnknown, 401, t => t.WithHeader("alg", "").Sign(_ => [])),
        Bad("alg none, signed", AlgorithmUnknown, 401, t => t.WithHeader("alg", "none").Sign()),
        Bad("alg missing", AlgorithmUnknown, 401, t => t.WithoutHeader("alg").Sign()),
        Bad("alg a number", AlgorithmUnknown, 401, t => t.WithHeader("alg", 1).Sign()),
        Bad("no signature", SignatureWrong, 401, t => t.Sign(_ => [])),
        Bad("HS256 keyed by the public key in PEM", AlgorithmUnknown, 401, t => t.WithHeader("alg", "HS256").Sign(Hs(() => Encoding.ASCII.GetBytes(Issuer.Rsa.ExportSubjectPublicKeyInfoPem())))),
        Bad("HS256 keyed by the public key in PEM with a line end", AlgorithmUnknown, 401, t => t.WithHeader("alg", "HS256").Sign(Hs(() => Encoding.ASCII.GetBytes(Issuer.Rsa.ExportSubjectPublicKeyInfoPem() + "\n")))),
        Bad("HS256 keyed by the public key in DER", AlgorithmUnknown, 401, t => t.WithHeader("alg", "HS256").Sign(Hs(() => Issuer.Rsa.ExportSubjectPublicKeyInfo()))),
        Bad("HS256 keyed by the modulus", AlgorithmUnknown, 401, t => t.WithHeader("alg", "HS256").Sign(Hs(() => Issuer.Rsa.ExportParameters(false).Modulus!))),
        Bad("HS256 keyed by nothing", AlgorithmUnknown, 401, t => t.WithHeader("alg", "HS256").Sign(Hs(() => []))),
        Bad("HS256 keyed by a secret that the issuer published", AlgorithmUnknown, 401, t => t.WithHeader("alg", "HS256").WithHeader("kid", "oct").Sign(Hs(() => Issuer.SharedSecret))),
        Bad("a stranger signed it", SignatureWrong, 401, t => t.SignBy(Issuer.Stranger)),
        Bad("it brings its key as jwk", HeaderMemberForbidden, 401, t => t.WithHeader("kid", "stranger").WithHeader("jwk", TestIssuer.PublicKey(Issuer.Stranger, "stranger")).SignBy(Issuer.Stranger)),
        Bad("it brings its key as jwk under a known kid", HeaderMemberForbidden, 401, t => t.WithHeader("jwk", TestIssuer.PublicKey(Issuer.Stranger, "rsa")).SignBy(Issuer.Stranger)),
        Bad("it points to its key by jku", HeaderMemberForbidden, 401, t => t.WithHeader("kid", "stranger").WithHeader("jku", Issuer.StrangerKeys).SignBy(Issuer.Stranger)),
        Bad("it points to its key by x5u", HeaderMemberForbidden, 401, t => t.WithHeader("kid", "stranger").WithHeader("x5u", Issuer.StrangerKeys).SignBy(Issuer.Stranger)),
        Bad("it brings a certificate as x5c", HeaderMemberForbidden, 401, t => t.WithoutHeader("kid").WithHeader("x5c", new[] { Certificate() }).SignBy(Issuer.Stranger)),
        Bad("kid is a path and a condition", KeyUnknown, 401, t => t.WithHeader("kid", "../../../../dev/null' OR 1=1 --").Sign(Hs(() => [0]))),
        Bad("no kid, a stranger signed it", KeyUnknown, 401, t => t.WithoutHeader("kid").SignBy(Issuer.Stranger)),
        Bad("no kid where several keys would do", KeyUnknown, 200, t => t.WithoutHeader("kid").Sign()),
        Bad("kid of another RSA key", SignatureWrong, 401, t => t.WithHeader("kid", "rsa2").Sign()),
        Bad("kid of a key of another kind", KeyUnknown, 401, t => t.WithHeader("kid", "ec").Sign()),
        Bad("kid unknown, the key right", KeyUnknown, 200, t => t.WithHeader("kid", "nope").Sign()),
        Bad("kid empty, the key right", KeyIdMalformed, 200, t => t.WithHeader("kid", "").Sign()),
        Bad("kid a number", KeyIdMalformed, 401, t => t.WithHeader("kid", 1).Sign()),
        Bad("signed by a key that is for encryption", KeyUnknown, 401, t => t.WithHeader("kid", "enc").SignBy(Issuer.EncryptionOnly)),
        Bad("signed by a published key of 1024 bits", KeyUnknown, 200, t => t.WithHeader("kid", "weak").SignBy(Issuer.Weak)),

        // type
        Bad("typ JWT", TypeNotAllowed, 200, t => t.WithHeader("typ", "JWT").Sign()),
        Bad("typ absent", TypeNotAllowed, 200, t => t.WithoutHeader("typ").Sign()),
        Good("typ AT+JWT", 200, t => t.WithHeader("typ", "AT+JWT").Sign()),
        Good("typ application/at+jwt", 200, t => t.WithHeader("typ", "application/at+jwt").Sign()),
        Bad("typ logout+jwt", TypeNotAllowed, 200, t => t.WithHeader("typ", "logout+jwt").With("events", new Dictionary<string, object> { ["http://schemas.openid.net/event/backchannel-logout"] = new { } }).Sign()),
        Bad("typ dpop+jwt", TypeNotAllowed, 200, t => t.WithHeader("typ", "dpop+jwt").Sign()),
        Bad("typ a number", HeaderMalformed, 401, t => t.WithHeader("typ", 1).Sign()),
        Bad("an ID token", TypeNotAllowed, 401, t => t.WithHeader("typ", "JWT").With("nonce", "n").With("at_hash", "x").With("aud", TestIssuer.ClientId).Sign()),
        Bad("an ID token in an access token's clothes", IdToken, 200, t => t.With("nonce", "n").With("at_hash", "x").Sign()),

        // audience
        Bad("aud missing", AudienceWrong, 401, t => t.Without("aud").With("token_use", "access").Sign()),
        Bad("aud another API", AudienceWrong, 401, t => t.With("aud", "https://other.test").Sign()),
        Good("aud an array that holds ours", 200, t => t.With("aud", new[] { "https://other.test", TestIssuer.Audience }).Sign()),
        Bad("aud empty", AudienceWrong, 401, t => t.With("aud", "").Sign()),
        Bad("aud null", AudienceWrong, 401, t => t.With("aud", null).Sign()),
        Bad("aud an empty array", AudienceWrong, 401, t => t.With("aud", Array.Empty<string>()).Sign()),
        Bad("aud an array without ours", AudienceWrong, 401, t => t.With("aud", new[] { "a", "b" }).Sign()),
        Bad("aud with a slash too many", AudienceWrong, 200, t => t.With("aud", TestIssuer.Audience + "/").Sign()),
        Bad("aud in other letters", AudienceWrong, 401, t => t.With("aud", TestIssuer.Audience.ToUpperInvariant()).Sign()),
        Bad("aud that only begins like ours", AudienceWrong, 401, t => t.With("aud", TestIssuer.Audience + ".evil.test").Sign()),
        Bad("aud the client, not the API", AudienceWrong, 401, t => t.With("aud", TestIssuer.ClientId).Sign()),
        Bad("aud a number", AudienceWrong, 401, t => t.With("aud", 5).Sign()),

        // issuer
        Bad("iss missing", IssuerMissing, 401, t => t.Without("iss").Sign()),
        Bad("iss empty", IssuerUnknown, 401, t => t.With("iss", "").Sign()),
        Bad("iss another", IssuerUnknown, 401, t => t.With("iss", "https://evil.test").Sign()),
        Bad("iss with a slash too many", IssuerUnknown, 401, t => t.With("iss", Issuer.Issuer + "/").Sign()),
        Bad("iss in other letters", IssuerUnknown, 401, t => t.With("iss", Issuer.Issuer.ToUpperInvariant()).Sign()),

        // times
        Bad("exp missing", ExpiryMissing, 401, t => t.Without("exp").Sign()),
        Bad("exp 45 seconds ago", Expired, 200, t => t.With("nbf", Now - 600).With("exp", Now - 45).Sign()),
        Bad("exp 4 minutes ago", Expired, 200, t => t.With("nbf", Now - 600).With("exp", Now - 240).Sign()),
        Good("exp 15 seconds ago, which clocks may differ", 200, t => t.With("nbf", Now - 600).With("exp", Now - 15).Sign()),
        Bad("exp 6 minutes ago", Expired, 401, t => t.With("nbf", Now - 600).With("exp", Now - 360).Sign()),
        Bad("exp a string", TimeMalformed, 200, t => t.With("exp", $"{Now + 300}").Sign()),
        Bad("exp with a fraction", TimeMalformed, 200, t => t.With("exp", Json($"{Now + 300}.5")).Sign()),
        Bad("exp with an exponent", TimeMalformed, 401, t => t.With("exp", Json("1e30")).Sign()),
        Bad("exp in the year 10000", TimeMalformed, 200, t => t.With("exp", 253_402_300_800).Sign()),
        Bad("exp negative", TimeMalformed, 401, t => t.With("exp", -1).Sign()),
        Bad("exp null", TimeMalformed, 401, t => t.With("exp", null).Sign()),
        Bad("exp in 30 days", LivesTooLong, 200, t => t.With("exp", Now + (30 * Day)).Sign()),
        Bad("issued 30 days ago, exp soon", LivesTooLong, 200, t => t.With("iat", Now - (30 * Day)).With("nbf", Now - (30 * Day)).Sign()),
        Bad("issued tomorrow", IssuedInTheFuture, 200, t => t.With("iat", Now + Day).Sign()),
        Bad("nbf in 4 minutes", NotYetValid, 200, t => t.With("nbf", Now + 240).Sign()),
        Bad("nbf in 6 minutes", NotYetValid, 401, t => t.With("nbf", Now + 360).With("exp", Now + 600).Sign()),
        Good("nbf in 15 seconds", 200, t => t.With("nbf", Now + 15).Sign()),
        Bad("nbf after exp", NotYetValid, 401, t => t.With("nbf", Now + 400).Sign()),
        Bad("nbf after exp, within the skew", NotYetValid, 401, t => t.With("nbf", Now + 20).With("exp", Now + 10).Sign()),
        Good("no nbf", 200, t => t.Without("nbf").Sign()),
        Bad("no iat", IssuedAtMissing, 200, t => t.Without("iat").Sign()),

        // header members that change how it is to be read
        Bad("crit and b64", HeaderMemberForbidden, 200, t => t.WithHeader("crit", new[] { "b64" }).WithHeader("b64", false).Sign()),
        Bad("crit of an unknown extension", HeaderMemberForbidden, 200, t => t.WithHeader("crit", new[] { "http://x.test/ext" }).WithHeader("http://x.test/ext", 1).Sign()),
        Bad("crit empty", HeaderMemberForbidden, 200, t => t.WithHeader("crit", Array.Empty<string>()).Sign()),
        Bad("crit no array", HeaderMemberForbidden, 200, t => t.WithHeader("crit", "exp").Sign()),
        Bad("b64 without crit", HeaderMemberForbidden, 200, t => t.WithHeader("b64", false).Sign()),
        Bad("zip", HeaderMemberForbidden, 200, t => t.WithHeader("zip", "DEF").Sign()),

        // JSON that can be read in two ways
        Bad("sub twice", PayloadMalformed, 200, t => t.Doubling("sub", "admin").Sign()),
        Bad("tenant_id twice", PayloadMalformed, 200, t => t.Doubling("tenant_id", "t2").Sign()),
        Bad("aud twice, the first wrong", PayloadMalformed, 200, t => t.With("aud", "https://other.test").Doubling("aud", TestIssuer.Audience).Sign()),
        Bad("exp twice, the first long past", PayloadMalformed, 200, t => t.With("exp", Now - 9000).Doubling("exp", Now + 300).Sign()),
        Bad("alg twice, the first none", HeaderMalformed, 200, t => t.DoublingHeader("alg", "none").Sign()),
        Bad("kid twice, the first unknown", HeaderMalformed, 200, t => t.DoublingHeader("kid", "zz").Sign()),
        Bad("header no JSON", HeaderMalformed, 401, t => Header(t, "foo").Sign()),
        Bad("payload no JSON", PayloadMalformed, 401, t => Payload(t, "foo").Sign()),
        Bad("payload an array", PayloadMalformed, 401, t => Payload(t, "[1]").Sign()),
        Bad("payload with a comma too many", PayloadMalformed, 401, t => Payload(t, Serialized(t)[..^1] + ",}").Sign()),
        Bad("payload with something after it", PayloadMalformed, 200, t => Payload(t, Serialized(t) + "x").Sign()),
        Bad("payload with a byte order mark", PayloadMalformed, 401, t => Payload(t, "\uFEFF" + Serialized(t)).Sign()),
        Bad("payload nested a thousand deep", PayloadMalformed, 401, t => Payload(t, Serialized(t)[..^1] + ",\"d\":" + new string('[', 1000) + new string(']', 1000) + "}").Sign()),
        Bad("sub half a character", SubjectMissing, 401, t => Payload(t.Without("sub"), Serialized(t)[..^1] + ",\"sub\":\"\\ud800\"}").Sign()),

        // subject
        Bad("sub missing", SubjectMissing, 200, t => t.Without("sub").Sign()),
        Bad("sub no string", SubjectMissing, 401, t => t.With("sub", new { a = 1 }).Sign()),
        Bad("sub empty", SubjectMissing, 200, t => t.With("sub", "").Sign()),
        Bad("auth_time in 6 minutes", IssuedInTheFuture, 200, t => t.With("auth_time", Now + 360).Sign()),
        Bad("events, as logout tokens have", IdToken, 200, t => t.With("events", new { a = 1 }).Sign()),
        Bad("sub with NUL", SubjectMissing, 200, t => t.With("sub", "a\0b").Sign()),
        Bad("sub with a line break", SubjectMissing, 200, t => t.With("sub", "a\nb").Sign()),
        Bad("sub of 256 characters", SubjectMissing, 200, t => t.With("sub", new string('s', 256)).Sign()),

        // spelling
        Bad("two parts", NotCompact, 401, t => string.Join('.', t.Sign().Split('.')[..2])),
        Bad("signature padded", NotCompact, 401, t => t.Sign() + "="),
        Bad("signature in the alphabet of base64", NotCompact, 401, t => Unsafe(t)),
        Bad("a dot at the end", NotCompact, 401, t => t.Sign() + "."),
        Bad("something after a space", NotCompact, 401, t => t.Sign() + " x"),
        Bad("a tab inside", NotCompact, 401, t => t.Sign().Insert(5, "\t")),
        Bad("bits left over in the last character", NotCompact, 401, t => WithBitsLeftOver(t.Sign())),
        Bad("five parts", NotCompact, 401, t => t.Sign() + ".a.b"),
        Bad("a fourth part", NotCompact, 401, t => t.Sign() + ".AAAA"),
        Bad("encrypted (JWE)", NotCompact, 401, _ => $"{Base64UrlEncoder.Encode("""{"alg":"dir","enc":"A128CBC-HS256"}""")}..AAAA.AAAA.AAAA"),
        Bad("a word", NotCompact, 401, _ => "garbage-garbage"),
        Bad("cut off at its end", NotCompact, 401, t => t.Sign()[..^9]),
        Bad("payload changed after signing", SignatureWrong, 401, t => Spliced(t.Sign(), t.With("roles", new[] { "admin" }).Sign(), 1)),
        Bad("header changed after signing", SignatureWrong, 401, t => Spliced(t.Sign(), t.WithHeader("x", "y").Sign(), 0)),

        // size
        TooLarge("24 KB", 200, t => t.With("x", Enumerable.Repeat(1, 8000).ToArray()).Sign()),
        TooLarge("60 KB", 431, t => t.With("x", new string('a', 45_000)).Sign()),

        // binding
        Bad("bound to a key, sent as a bearer token", BoundButSentAsBearer, 200, t => t.With("cnf", new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }).Sign()),
        Bad("bound to a certificate, sent as a bearer token", BindingMalformed, 200, t => t.With("cnf", new Dictionary<string, string> { ["x5t#S256"] = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }).Sign()),
        Bad("bound to nothing", BindingMalformed, 200, t => t.With("cnf", new { }).Sign()),
        Bad("bound in no known way", BindingMalformed, 200, t => t.With("cnf", "key").Sign()),
    ];

    private static TestIssuer Issuer => App.Issuer;

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private static TokenCase Good(string name, int jwtBearer, Func<TokenBuilder, string> write) => new(name, null, 200, jwtBearer, write);

    private static TokenCase Bad(string name, TokenRefusal refusal, int jwtBearer, Func<TokenBuilder, string> write) =>
        new(name, refusal, 401, jwtBearer, write);

    /// <summary>The server does not even read such a header.</summary>
    private static TokenCase TooLarge(string name, int jwtBearer, Func<TokenBuilder, string> write) =>
        new(name, TokenRefusal.TooLarge, 431, jwtBearer, write);

    private static TokenBuilder Es(TokenBuilder token) => token.WithHeader("alg", "ES256").WithHeader("kid", "ec");

    private static byte[] Ec(byte[] input) => Issuer.Ec.SignData(input, HashAlgorithmName.SHA256);

    private static Func<byte[], byte[]> Pss(RSA key) => input => key.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);

    private static Func<byte[], byte[]> Rs(HashAlgorithmName hash) => input => Issuer.Rsa.SignData(input, hash, RSASignaturePadding.Pkcs1);

    private static Func<byte[], byte[]> Hs(Func<byte[]> key) => input => HMACSHA256.HashData(key(), input);

    private static JsonElement Json(string text) => JsonSerializer.Deserialize<JsonElement>(text);

    private static string Serialized(TokenBuilder token) => JsonSerializer.Serialize(token.Payload);

    private static TokenBuilder Payload(TokenBuilder token, string raw)
    {
        token.RawPayload = raw;
        return token;
    }

    private static TokenBuilder Header(TokenBuilder token, string raw)
    {
        token.RawHeader = raw;
        return token;
    }

    private static string Certificate()
    {
        var request = new CertificateRequest("CN=stranger", Issuer.Stranger, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow(), TimeProvider.System.GetUtcNow().AddDays(1));
        return Convert.ToBase64String(certificate.RawData);
    }

    /// <summary>A signature whose base64url has a - or a _, in the other alphabet.</summary>
    private static string Unsafe(TokenBuilder token)
    {
        for (var number = 0; ; number++)
        {
            var parts = token.With("n", number).Sign().Split('.');
            var respelled = parts[2].Replace('-', '+').Replace('_', '/');
            if (respelled != parts[2])
            {
                return $"{parts[0]}.{parts[1]}.{respelled}";
            }
        }
    }

    private static string WithBitsLeftOver(string token)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return token[..^1] + Alphabet[Alphabet.IndexOf(token[^1], StringComparison.Ordinal) ^ 1];
    }

    private static string Spliced(string token, string other, int part)
    {
        var parts = token.Split('.');
        parts[part] = other.Split('.')[part];
        return string.Join('.', parts);
    }
}
