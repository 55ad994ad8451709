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

    /// <summary>By which an access token is bound to it (RFC 7638, RFC 9449 §6.1).</summary>
    public string Thumbprint
    {
        get
        {
            var jwk = PublicJwk();
            return Base64UrlEncoder.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(
                $$"""{"crv":"P-256","kty":"EC","x":"{{jwk["x"]}}","y":"{{jwk["y"]}}"}""")));
        }
    }

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
    public TokenBuilder Proof(HttpMethod method, Uri url, string accessToken) => new(App.Issuer)
    {
        Header = { ["typ"] = "dpop+jwt", ["alg"] = "ES256", ["jwk"] = PublicJwk() },
        Payload =
        {
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["htm"] = method.Method,
            ["htu"] = url.AbsoluteUri,
            ["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            ["ath"] = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken))),
        },
    };

    /// <summary>Both numbers side by side, as JWS has them (RFC 7518 §3.4).</summary>
    public byte[] Sign(byte[] input) => key.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public void Dispose() => key.Dispose();

    private Dictionary<string, object> PublicJwk()
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new()
        {
            ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64UrlEncoder.Encode(point.X), ["y"] = Base64UrlEncoder.Encode(point.Y),
        };
    }
}
