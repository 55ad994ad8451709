using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Authentication.Revocation;

/// <summary>What a logout token says: this session, or all sessions of this subject, have ended.</summary>
/// <param name="TokenId">It may be used once,</param>
/// <param name="TokenExpires">and until then.</param>
internal sealed record LoggedOut(string Issuer, string? Subject, string? SessionId, string TokenId, DateTimeOffset TokenExpires);

/// <summary>A good logout token, or an error to answer with.</summary>
internal readonly record struct LogoutVerdict(LoggedOut? Ended, Error? Error);

/// <summary>
/// Checks logout tokens as OpenID Connect Back-Channel Logout 1.0 §2.6 wants it. They are for the client, not
/// for the API, and they are no access tokens: the validator refuses them for their type and audience.
/// </summary>
internal sealed partial class LogoutTokens(IssuerDirectory issuers, TimeProvider time, ILogger<LogoutTokens> logger)
{
    private const string Event = "http://schemas.openid.net/event/backchannel-logout";
    private const string LogoutType = "logout+jwt";
    private const int LongestId = 255;

    /// <summary>Older providers do not say what it is in the header; the event in the payload does.</summary>
    private static readonly string[] Types = [LogoutType, ProviderPreset.AnyTokenType, ProviderPreset.AbsentType];

    /// <returns>Why it is refused, the log says.</returns>
    public async Task<LogoutVerdict> ReadAsync(string text, CancellationToken ct)
    {
        if (CompactToken.TryRead(text, mayBringKey: false, out var token) is not null
            || !token!.TryReadPayload(out var payload)
            || !payload.TryGetString("iss", out var name)
            || await issuers.FindAsync(name, ct) is not { } issuer)
        {
            return Refuse(null, "unreadable_or_unknown_issuer");
        }

        if (WhatIsWrong(issuer.Registration, token, payload, out var jti, out var times) is { } wrong)
        {
            return Refuse(name, wrong);
        }

        var key = await issuer.Keys.FindAsync(token.Algorithm, token.KeyId, ct);
        if (key.IsUnavailable)
        {
            // The issuer may try again.
            return new LogoutVerdict(null, AuthenticationErrors.ProviderUnavailable);
        }

        if (key.Key is null || !token.IsSignedBy(key.Key))
        {
            return Refuse(name, "signature_wrong");
        }

        return new LogoutVerdict(
            new LoggedOut(
                name,
                ClaimRules.SubjectOf(issuer.Registration, payload),
                issuer.Registration.Preset.NamesSession ? ClaimRules.SessionOf(issuer.Registration, payload) : null,
                jti,
                DateTimeOffset.FromUnixTimeSeconds(times.Expires + TokenTimes.Skew)),
            null);
    }

    public LogoutVerdict Refuse(string? issuer, string reason)
    {
        LogoutRefused(logger, reason, issuer);
        return new LogoutVerdict(null, AuthenticationErrors.LogoutTokenRefused);
    }

    private string? WhatIsWrong(
        IssuerRegistration issuer, CompactToken token, JsonElement payload, out string jti, out TokenTimes times)
    {
        jti = "";
        if (!issuer.Algorithms.Contains(token.Algorithm.Name)
            || !Types.Contains(IssuerRegistration.NormalizedType(token.Type), StringComparer.Ordinal))
        {
            times = default;
            return "type_or_algorithm_not_allowed";
        }

        if (TokenTimes.TryRead(payload, out times) is not null
            || times.Check(time.GetUtcNow().ToUnixTimeSeconds()) is not null)
        {
            return "not_its_time";
        }

        if (!payload.TryGetProperty("aud", out var audience)
            || !audience.Strings().Any(client => issuer.ClientIds.Contains(client, StringComparer.Ordinal)))
        {
            return "audience_wrong";
        }

        if (!payload.TryGetProperty("events", out var events) || events.ValueKind != JsonValueKind.Object
            || !events.TryGetProperty(Event, out var logout) || logout.ValueKind != JsonValueKind.Object
            // So that no ID token passes for one.
            || payload.TryGetProperty("nonce", out _))
        {
            return "no_logout_event";
        }

        if (!payload.TryGetString("jti", out jti) || jti.Length is 0 or > LongestId)
        {
            return "no_id";
        }

        return ClaimRules.SubjectOf(issuer, payload) is null && !(issuer.Preset.NamesSession && ClaimRules.SessionOf(issuer, payload) is not null)
            ? "nobody_named"
            : null;
    }

    [LoggerMessage(1423, LogLevel.Information, "Logout refused: {reason} {issuer}")]
    private static partial void LogoutRefused(ILogger logger, string reason, string? issuer);
}
