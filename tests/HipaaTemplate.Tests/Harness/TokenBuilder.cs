using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// Builds a compact JWS member by member (RFC 7515), so that a test can make exactly one thing wrong.
/// </summary>
internal sealed class TokenBuilder(TestIssuer issuer)
{
    public Dictionary<string, object?> Header { get; } = [];

    public Dictionary<string, object?> Payload { get; } = [];

    /// <summary>The payload's bytes as they are, for duplicates and broken JSON.</summary>
    public string? RawPayload { get; set; }

    /// <summary>The header's, likewise.</summary>
    public string? RawHeader { get; set; }

    public TokenBuilder With(string claim, object? value)
    {
        Payload[claim] = value;
        return this;
    }

    public TokenBuilder Without(string claim)
    {
        Payload.Remove(claim);
        return this;
    }

    public TokenBuilder WithHeader(string name, object? value)
    {
        Header[name] = value;
        return this;
    }

    public TokenBuilder WithoutHeader(string name)
    {
        Header.Remove(name);
        return this;
    }

    /// <summary>The payload with one more member at its end, so that a name can stand twice.</summary>
    public TokenBuilder Doubling(string claim, object? value)
    {
        RawPayload = JsonSerializer.Serialize(Payload)[..^1]
            + $",{JsonSerializer.Serialize(claim)}:{JsonSerializer.Serialize(value)}}}";
        return this;
    }

    /// <summary>The header with one more member at its beginning.</summary>
    public TokenBuilder DoublingHeader(string name, string value)
    {
        RawHeader = $"{{\"{name}\":\"{value}\"," + JsonSerializer.Serialize(Header)[1..];
        return this;
    }

    /// <summary>Signed by the issuer's RSA key.</summary>
    public string Sign() => SignBy(issuer.Rsa);

    /// <summary>Signed by an RSA key as RS256.</summary>
    public string SignBy(RSA key) => Sign(input => key.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public string Sign(Func<byte[], byte[]> signature)
    {
        var payload = RawPayload ?? JsonSerializer.Serialize(Payload);
        var input = $"{Encode(RawHeader ?? JsonSerializer.Serialize(Header))}.{Encode(payload)}";
        return $"{input}.{Base64UrlEncoder.Encode(signature(Encoding.ASCII.GetBytes(input)))}";
    }

    private static string Encode(string json) => Base64UrlEncoder.Encode(Encoding.UTF8.GetBytes(json));
}
