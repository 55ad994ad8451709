using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace HipaaTemplate.Tests.Harness;

/// <summary>A client's key and the proofs of possession that it signs (RFC 9449 §4.2).</summary>
internal sealed class ClientKey : IDisposable
{
    private readonly ECDsa key;

    private ClientKey(ECDsa key) => this.key = key;

    public static ClientKey New() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <param name="jwk">Private, on P-256.</param>
    public static ClientKey From(JsonElement jwk)
    {
        byte[] Number(string name) => Base64UrlEncoder.DecodeBytes(jwk.GetProperty(name).GetString());
        return new ClientKey(ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Number("d"),
            Q = new ECPoint { X = Number("x"), Y = Number("y") },
        }));
    }

    /// <summary>A right proof for this request, to be changed by a test and then signed.</summary>
    public TokenBuilder Proof(HttpMethod method, Uri url, string accessToken)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new TokenBuilder(App.Issuer)
        {
            Header =
            {
                ["typ"] = "dpop+jwt",
                ["alg"] = "ES256",
                ["jwk"] = new Dictionary<string, string>
                {
                    ["kty"] = "EC", ["crv"] = "P-256",
                    ["x"] = Base64UrlEncoder.Encode(point.X), ["y"] = Base64UrlEncoder.Encode(point.Y),
                },
            },
            Payload =
            {
                ["jti"] = Guid.CreateVersion7().ToString(),
                ["htm"] = method.Method,
                ["htu"] = url.AbsoluteUri,
                ["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
                ["ath"] = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken))),
            },
        };
    }

    /// <summary>Both numbers side by side, as JWS has them (RFC 7518 §3.4).</summary>
    public byte[] Sign(byte[] input) => key.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public void Dispose() => key.Dispose();
}
