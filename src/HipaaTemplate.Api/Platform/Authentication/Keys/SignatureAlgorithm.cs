using System.Collections.Frozen;
using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>
/// A signature algorithm of RFC 7518 §3 that this API can check. None has a shared secret: a key that
/// verifies must not be able to sign, so HMAC and "none" are not merely refused, they do not exist here.
/// </summary>
/// <param name="Name">The value of <c>alg</c>, exactly.</param>
/// <param name="Hash">Of the signing input.</param>
/// <param name="Padding">Of RSA; null for ECDSA.</param>
/// <param name="CurveName"><c>crv</c> of the keys that it goes with; null for RSA.</param>
internal sealed record SignatureAlgorithm(string Name, HashAlgorithmName Hash, RSASignaturePadding? Padding, string? CurveName)
{
    private static readonly FrozenDictionary<string, SignatureAlgorithm> ByName = new SignatureAlgorithm[]
    {
        new("RS256", HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, null),
        new("RS384", HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1, null),
        new("RS512", HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1, null),
        new("PS256", HashAlgorithmName.SHA256, RSASignaturePadding.Pss, null),
        new("PS384", HashAlgorithmName.SHA384, RSASignaturePadding.Pss, null),
        new("PS512", HashAlgorithmName.SHA512, RSASignaturePadding.Pss, null),
        new("ES256", HashAlgorithmName.SHA256, null, "P-256"),
        new("ES384", HashAlgorithmName.SHA384, null, "P-384"),
        new("ES512", HashAlgorithmName.SHA512, null, "P-521"),
    }.ToFrozenDictionary(algorithm => algorithm.Name);

    /// <summary>What an issuer may use unless its registration says otherwise.</summary>
    public static readonly string[] Usual = ["RS256", "PS256", "ES256"];

    public static IEnumerable<string> Names => ByName.Keys.Order(StringComparer.Ordinal);

    public bool IsRsa => Padding is not null;

    public static SignatureAlgorithm? Find(string name) => ByName.GetValueOrDefault(name);
}
