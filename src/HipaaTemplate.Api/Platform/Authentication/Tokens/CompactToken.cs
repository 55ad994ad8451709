using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>
/// A JWS in compact form (RFC 7515 §7.1) taken apart, its header read, nothing of it verified. Header members
/// that would change how it is to be read, or bring a key along, are refused whatever their value.
/// </summary>
internal sealed class CompactToken
{
    public const int MostCharacters = 16 * 1024;
    private const int HeaderDepth = 4;
    private const int PayloadDepth = 16;
    public const int LongestKeyId = 256;

    /// <summary>Extensions that have to be understood, other payloads, keys from strangers (RFC 8725 §3.10 and §3.11).</summary>
    private static readonly string[] ForbiddenMembers = ["crit", "b64", "zip", "enc", "jku", "x5u", "x5c", "jwk"];

    private readonly byte[] payload;
    private readonly byte[] signingInput;
    private readonly byte[] signature;

    private CompactToken(JsonElement header, SignatureAlgorithm algorithm, byte[] payload, byte[] signingInput, byte[] signature)
    {
        Header = header;
        Algorithm = algorithm;
        this.payload = payload;
        this.signingInput = signingInput;
        this.signature = signature;
    }

    public JsonElement Header { get; }

    public SignatureAlgorithm Algorithm { get; }

    public string? KeyId => Header.TryGetString("kid", out var keyId) ? keyId : null;

    public string? Type => Header.TryGetString("typ", out var type) ? type : null;

    /// <param name="text">Of any length.</param>
    /// <param name="mayBringKey">True for proofs of possession, whose key is in the header.</param>
    /// <returns>Null when it could be read.</returns>
    public static TokenRefusal? TryRead(ReadOnlySpan<char> text, bool mayBringKey, out CompactToken? token)
    {
        token = null;
        if (text.Length > MostCharacters)
        {
            return TokenRefusal.TooLarge;
        }

        Span<Range> parts = stackalloc Range[4];
        if (text.Split(parts, '.') != 3
            || !StrictBase64Url.TryDecode(text[parts[0]], out var headerBytes)
            || !StrictBase64Url.TryDecode(text[parts[1]], out var payload)
            || !StrictBase64Url.TryDecode(text[parts[2]], out var signature))
        {
            return TokenRefusal.NotCompact;
        }

        if (!StrictJson.TryParseObject(headerBytes, HeaderDepth, out var header))
        {
            return TokenRefusal.HeaderMalformed;
        }

        if (Array.Exists(ForbiddenMembers, name => !(mayBringKey && name == "jwk") && header.TryGetProperty(name, out _)))
        {
            return TokenRefusal.HeaderMemberForbidden;
        }

        if (!header.TryGetString("alg", out var name) || SignatureAlgorithm.Find(name) is not { } algorithm)
        {
            return TokenRefusal.AlgorithmUnknown;
        }

        if (header.TryGetProperty("kid", out _)
            && !(header.TryGetString("kid", out var keyId) && keyId.Length is > 0 and <= LongestKeyId))
        {
            return TokenRefusal.KeyIdMalformed;
        }

        if (header.TryGetProperty("typ", out var type) && !type.TryGetString(out _))
        {
            return TokenRefusal.HeaderMalformed;
        }

        var signed = Encoding.ASCII.GetBytes(text[..parts[1].End.Value].ToArray());
        token = new CompactToken(header, algorithm, payload, signed, signature);
        return null;
    }

    /// <returns>False for a payload that is no JSON object, or one that can be read in two ways.</returns>
    public bool TryReadPayload(out JsonElement json) => StrictJson.TryParseObject(payload, PayloadDepth, out json);

    public bool IsSignedBy(SigningKey key) => key.Verify(Algorithm, signingInput, signature);
}
