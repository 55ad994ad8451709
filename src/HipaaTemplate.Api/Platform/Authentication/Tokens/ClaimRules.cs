using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>What the payload of a token must say to be an access token of this issuer for this API.</summary>
internal static class ClaimRules
{
    private const int LongestName = 255;

    /// <summary>Hashes of what is delivered along with an ID token (OpenID Connect Core §3.3.2.11), and what a logout token is about.</summary>
    private static readonly string[] OnlyInOtherTokens = ["at_hash", "c_hash", "events"];

    /// <returns>Null when nothing is wrong.</returns>
    public static TokenRefusal? Check(IssuerRegistration issuer, JsonElement payload)
    {
        if (!payload.TryGetString("sub", out var sub) || !IsName(sub) || SubjectOf(issuer, payload) is null)
        {
            return TokenRefusal.SubjectMissing;
        }

        if (CheckAddressee(issuer, payload) is { } wrong)
        {
            return wrong;
        }

        if (!issuer.RequiredClaims.All(claim => Has(payload, claim)))
        {
            return TokenRefusal.ClaimMissing;
        }

        if (Array.Exists(issuer.Preset.ForbiddenClaims, name =>
            payload.TryGetProperty(name, out var claim) && claim.ValueKind != JsonValueKind.False))
        {
            return TokenRefusal.ClaimForbidden;
        }

        if (Array.Exists(OnlyInOtherTokens, name => payload.TryGetProperty(name, out _)))
        {
            return TokenRefusal.IdToken;
        }

        return issuer.RequiredScope is { } scope && !AccessToken.ScopesOf(issuer, payload).Contains(scope, StringComparer.Ordinal)
            ? TokenRefusal.ScopeMissing
            : null;
    }

    /// <summary>The claim that names the user at this issuer; null when it is missing.</summary>
    public static string? SubjectOf(IssuerRegistration issuer, JsonElement payload) => NameAt(issuer.SubjectClaim, payload);

    /// <summary>The claim that names the sign-in at this issuer; null when it is missing.</summary>
    public static string? SessionOf(IssuerRegistration issuer, JsonElement payload) => NameAt(issuer.SessionClaim, payload);

    /// <param name="payload">Of a token.</param>
    /// <param name="thumbprint">cnf.jkt; null for a bearer token.</param>
    /// <returns>False for a token that is bound in a way that is not known here: it cannot be used.</returns>
    public static bool TryReadBinding(JsonElement payload, out string? thumbprint)
    {
        thumbprint = null;
        if (!payload.TryGetProperty("cnf", out var confirmation))
        {
            return true;
        }

        // RFC 7800 §3.1: one key, by whatever method. RFC 9449 §6.1 is the method that can be checked here.
        if (confirmation.ValueKind != JsonValueKind.Object || confirmation.GetPropertyCount() != 1
            || !confirmation.TryGetString("jkt", out var jkt) || jkt.Length == 0)
        {
            return false;
        }

        thumbprint = jkt;
        return true;
    }

    /// <summary>
    /// Whether a text can name a user or a session: not empty, not endless (OpenID Connect Core §2), and
    /// without control characters, which PostgreSQL cannot store (NUL) or which hide in terminals.
    /// </summary>
    private static bool IsName(string text) => text.Length is > 0 and <= LongestName && !text.Any(char.IsControl);

    private static string? NameAt(ClaimPath path, JsonElement payload) =>
        path.Find(payload) is { } claim && claim.TryGetString(out var name) && IsName(name) ? name : null;

    private static TokenRefusal? CheckAddressee(IssuerRegistration issuer, JsonElement payload)
    {
        if (issuer.Audiences.Count == 0)
        {
            return issuer.ClientClaim.Find(payload) is { } client && client.TryGetString(out var id)
                && issuer.ClientIds.Contains(id, StringComparer.Ordinal)
                    ? null
                    : TokenRefusal.ClientWrong;
        }

        return payload.TryGetProperty("aud", out var audience)
            && audience.Strings().Any(name => issuer.Audiences.Contains(name, StringComparer.Ordinal))
                ? null
                : TokenRefusal.AudienceWrong;
    }

    private static bool Has(JsonElement payload, RequiredClaim claim) =>
        payload.TryGetProperty(claim.Name, out var found)
        && (claim.Values.Length == 0
            ? found.ValueKind is not (JsonValueKind.Null or JsonValueKind.False)
            : found.TryGetString(out var value) && claim.Values.Contains(value, StringComparer.Ordinal));
}
