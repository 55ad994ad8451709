using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Authentication.Revocation;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Hosting;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace HipaaTemplate.Platform.Authentication.Proofs;

/// <summary>
/// Proofs that a client has the key that its access token is bound to (RFC 9449 §4.3). A proof is for one
/// request and one token, for a minute, once.
/// </summary>
internal sealed class DpopProofs(
    SingleUse singleUse, IOptions<AuthenticationSettings> settings, IOptions<ServerSettings> server, TimeProvider time)
{
    public const string HeaderName = "DPoP";

    /// <summary>What a client may sign with, for the challenge.</summary>
    public const string Algorithms = "ES256 PS256 RS256";

    private const string ProofType = "dpop+jwt";
    private const int MostCharacters = 4 * 1024;
    private const int LongestId = 128;

    /// <summary>How old, or how far ahead, a proof may be.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    private static readonly string[] Accepted = Algorithms.Split(' ');

    /// <param name="sent">The values of the header DPoP.</param>
    /// <param name="request">That the proof has to be for.</param>
    /// <param name="accessToken">As it came.</param>
    /// <param name="thumbprint">Of the key that the access token is bound to.</param>
    /// <returns>Null when possession is proven.</returns>
    public async Task<TokenRefusal?> CheckAsync(
        StringValues sent, HttpRequest request, string accessToken, string thumbprint, CancellationToken ct)
    {
        if (sent is not [{ Length: > 0 } text])
        {
            return TokenRefusal.ProofMissing;
        }

        if (text.Length > MostCharacters
            || CompactToken.TryRead(text, mayBringKey: true, out var proof) is not null
            || proof!.Type != ProofType || !Accepted.Contains(proof.Algorithm.Name, StringComparer.Ordinal)
            || !proof.Header.TryGetProperty("jwk", out var jwk) || jwk.ValueKind != JsonValueKind.Object
            || SigningKey.TryRead(jwk) is not { } key
            || !proof.TryReadPayload(out var claims)
            || !claims.TryGetString("jti", out var id) || id.Length is 0 or > LongestId
            || !TokenTimes.TryReadTime(claims, "iat", out var iat) || iat is not { } issued)
        {
            return TokenRefusal.ProofMalformed;
        }

        if (key.Thumbprint != thumbprint)
        {
            return TokenRefusal.ProofOfAnotherKey;
        }

        if (!IsFor(request, claims))
        {
            return TokenRefusal.ProofForAnotherRequest;
        }

        if (!claims.TryGetString("ath", out var hash)
            || hash != Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken))))
        {
            return TokenRefusal.ProofForAnotherToken;
        }

        var now = time.GetUtcNow();
        if (Math.Abs(now.ToUnixTimeSeconds() - issued) > Window.TotalSeconds)
        {
            return TokenRefusal.ProofTooOldOrTooNew;
        }

        if (!proof.IsSignedBy(key))
        {
            return TokenRefusal.ProofSignatureWrong;
        }

        // Last, so that nobody but the owner of the key can use an id up.
        return await singleUse.TryUseAsync("proof", thumbprint, id, DateTimeOffset.FromUnixTimeSeconds(issued) + Window, ct)
            ? null
            : TokenRefusal.ProofUsedBefore;
    }

    /// <summary>Method, and URL without query and fragment, compared as RFC 3986 §6.2 normalises them.</summary>
    private bool IsFor(HttpRequest request, JsonElement claims) =>
        claims.TryGetString("htm", out var method) && method == request.Method
        && claims.TryGetString("htu", out var text)
        && Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Query: "", Fragment: "", UserInfo: "" }
        && OriginsOf(request).Any(origin =>
            Uri.TryCreate(origin + UriHelper.BuildRelative(request.PathBase, request.Path), UriKind.Absolute, out var asked)
            && url.AbsoluteUri == asked.AbsoluteUri);

    /// <summary>Host is a header of the caller's; who got a proof that is for another server could send that one's name.</summary>
    private IEnumerable<string> OriginsOf(HttpRequest request)
    {
        if (settings.Value.ProofOrigins is { Length: > 0 } origins)
        {
            return origins.Select(origin => origin.TrimEnd('/'));
        }

        return server.Value.IsDevelopment ? [$"{request.Scheme}://{request.Host}"] : [];
    }
}
