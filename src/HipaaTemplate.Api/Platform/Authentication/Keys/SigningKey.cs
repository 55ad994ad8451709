using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Tokens;

namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>
/// The public half of a key that an issuer, or a client that proves possession, signs with. There is one
/// only for a key that is fit to check signatures with: RSA of 2048 bits or more, or a NIST curve.
/// </summary>
internal sealed class SigningKey
{
    private const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;
    private const int MostExponentBytes = 8;

    /// <summary>Members of private or symmetric keys (RFC 7518 §6). Who publishes them has lost the key.</summary>
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    private readonly KeyPool<RSA>? rsa;
    private readonly KeyPool<ECDsa>? ec;
    private readonly string? curveName;

    private SigningKey(JsonElement jwk, KeyPool<RSA>? rsa, KeyPool<ECDsa>? ec, string? curveName, string thumbprint)
    {
        KeyId = jwk.TryGetString("kid", out var keyId) ? keyId : null;
        Algorithm = jwk.TryGetString("alg", out var algorithm) ? algorithm : null;
        this.rsa = rsa;
        this.ec = ec;
        this.curveName = curveName;
        Thumbprint = thumbprint;
    }

    public string? KeyId { get; }

    /// <summary>The only algorithm that the key is for; null when its owner does not say.</summary>
    public string? Algorithm { get; }

    /// <summary>base64url of SHA-256 (RFC 7638).</summary>
    public string Thumbprint { get; }

    /// <param name="jwk">A JSON Web Key (RFC 7517).</param>
    /// <returns>Null for a key that cannot be used to check a signature, or should not be.</returns>
    public static SigningKey? TryRead(JsonElement jwk)
    {
        if (!jwk.TryGetString("kty", out var type)
            || (jwk.TryGetProperty("use", out var use) && !(use.TryGetString(out var purpose) && purpose == "sig"))
            || (jwk.TryGetProperty("key_ops", out var operations)
                && !(operations.ValueKind == JsonValueKind.Array && operations.Strings().Contains("verify")))
            || (jwk.TryGetProperty("kid", out _) && !(jwk.TryGetString("kid", out var keyId) && keyId.Length <= CompactToken.LongestKeyId))
            || (jwk.TryGetProperty("alg", out var algorithm) && algorithm.ValueKind != JsonValueKind.String)
            || Array.Exists(PrivateMembers, name => jwk.TryGetProperty(name, out _)))
        {
            return null;
        }

        return type switch
        {
            "RSA" => TryReadRsa(jwk),
            "EC" => TryReadEc(jwk),
            _ => null,
        };
    }

    /// <summary>Whether it may check this algorithm (RFC 8725 §3.1: a key is for one algorithm).</summary>
    public bool Fits(SignatureAlgorithm algorithm) =>
        (Algorithm is null || Algorithm == algorithm.Name) && curveName == algorithm.CurveName;

    /// <summary>The same key for the same use, be it read from another document.</summary>
    public bool IsSameAs(SigningKey other) =>
        Thumbprint == other.Thumbprint && KeyId == other.KeyId && Algorithm == other.Algorithm;

    public bool Verify(SignatureAlgorithm algorithm, byte[] input, byte[] signature)
    {
        if (!Fits(algorithm))
        {
            return false;
        }

        var work = (algorithm, input, signature);
        return rsa is not null
            ? rsa.Use(work, static (key, w) => key.VerifyData(w.input, w.signature, w.algorithm.Hash, w.algorithm.Padding!))
            // RFC 7518 §3.4: both numbers at full length, not DER.
            : ec!.Use(work, static (key, w) => key.VerifyData(
                w.input, w.signature, w.algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    private static SigningKey? TryReadRsa(JsonElement jwk)
    {
        if (!TryReadNumber(jwk, "n", out var modulus) || !TryReadNumber(jwk, "e", out var exponent)
            || BitsOf(modulus) is < LeastRsaBits or > MostRsaBits
            || (modulus[^1] & 1) == 0
            // With 1 everybody can sign.
            || exponent.Length > MostExponentBytes || (exponent[^1] & 1) == 0 || exponent is [1]
            || RocaFingerprint.Matches(modulus))
        {
            return null;
        }

        var thumbprint = ThumbprintOf(
            $$"""{"e":"{{Base64Url.EncodeToString(exponent)}}","kty":"RSA","n":"{{Base64Url.EncodeToString(modulus)}}"}""");
        var parameters = new RSAParameters { Modulus = modulus, Exponent = exponent };
        return new SigningKey(jwk, new KeyPool<RSA>(() => RSA.Create(parameters)), null, null, thumbprint);
    }

    private static SigningKey? TryReadEc(JsonElement jwk)
    {
        if (!jwk.TryGetString("crv", out var name) || CurveOf(name) is not var (curve, length)
            || !jwk.TryGetString("x", out var x) || !StrictBase64Url.TryDecode(x, out var xBytes) || xBytes.Length != length
            || !jwk.TryGetString("y", out var y) || !StrictBase64Url.TryDecode(y, out var yBytes) || yBytes.Length != length)
        {
            return null;
        }

        var parameters = new ECParameters { Curve = curve, Q = new ECPoint { X = xBytes, Y = yBytes } };
        try
        {
            // A point that is not on the curve is found here, once, and not by each signature.
            ECDsa.Create(parameters).Dispose();
        }
        catch (CryptographicException)
        {
            return null;
        }

        return new SigningKey(
            jwk, null, new KeyPool<ECDsa>(() => ECDsa.Create(parameters)), name, ThumbprintOf($$"""{"crv":"{{name}}","kty":"EC","x":"{{x}}","y":"{{y}}"}"""));
    }

    private static (ECCurve Curve, int Length)? CurveOf(string name) => name switch
    {
        "P-256" => (ECCurve.NamedCurves.nistP256, 32),
        "P-384" => (ECCurve.NamedCurves.nistP384, 48),
        "P-521" => (ECCurve.NamedCurves.nistP521, 66),
        _ => null,
    };

    /// <summary>A positive number, big-endian; zeros in front, which some issuers write, are dropped.</summary>
    private static bool TryReadNumber(JsonElement jwk, string name, out byte[] number)
    {
        number = [];
        if (!jwk.TryGetString(name, out var text) || !StrictBase64Url.TryDecode(text, out var bytes))
        {
            return false;
        }

        number = bytes.AsSpan().TrimStart((byte)0).ToArray();
        return number.Length > 0;
    }

    private static int BitsOf(byte[] number) => (8 * number.Length) - byte.LeadingZeroCount(number[0]);

    private static string ThumbprintOf(string canonicalJwk) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalJwk)));
}
