using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace HipaaTemplate.Tests.Harness;

/// <summary>A client's key, and the proofs that it makes with it (RFC 9449 §4.2), so that a test can make one thing wrong.</summary>
internal sealed class DpopKey : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The public half.</summary>
    public Dictionary<string, object?> Jwk
    {
        get
        {
            var point = key.ExportParameters(includePrivateParameters: false).Q;
            return new()
            {
                ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64UrlEncoder.Encode(point.X), ["y"] = Base64UrlEncoder.Encode(point.Y),
            };
        }
    }

    /// <summary>RFC 7638: what an access token is bound by.</summary>
    public string Thumbprint => Base64UrlEncoder.Encode(SHA256.HashData(Encoding.UTF8.GetBytes(
        $$"""{"crv":"P-256","kty":"EC","x":"{{Jwk["x"]}}","y":"{{Jwk["y"]}}"}""")));

    /// <param name="method">Of the request.</param>
    /// <param name="url">Of the request, without its query.</param>
    /// <param name="accessToken">That goes with it.</param>
    /// <param name="change">Header and payload, to be changed before they are signed.</param>
    /// <param name="signer">Another key that signs in this one's place.</param>
    public string Prove(
        HttpMethod method,
        Uri url,
        string accessToken,
        Action<Dictionary<string, object?>, Dictionary<string, object?>>? change = null,
        DpopKey? signer = null)
    {
        Dictionary<string, object?> header = new() { ["typ"] = "dpop+jwt", ["alg"] = "ES256", ["jwk"] = Jwk };
        Dictionary<string, object?> payload = new()
        {
            ["jti"] = $"{Guid.CreateVersion7():N}",
            ["htm"] = method.Method,
            ["htu"] = url.GetLeftPart(UriPartial.Path),
            ["iat"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            ["ath"] = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken))),
        };
        change?.Invoke(header, payload);
        var input = $"{Encode(header)}.{Encode(payload)}";
        return $"{input}.{Base64UrlEncoder.Encode((signer ?? this).key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
    }

    public void Dispose() => key.Dispose();

    private static string Encode(Dictionary<string, object?> json) =>
        Base64UrlEncoder.Encode(JsonSerializer.SerializeToUtf8Bytes(json));
}
