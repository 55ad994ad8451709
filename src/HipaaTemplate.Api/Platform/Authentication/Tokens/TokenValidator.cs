using System.Buffers;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Authentication.Revocation;
using HipaaTemplate.Platform.Authentication.Users;

namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>
/// The one place where an access token is believed (RFC 8725, RFC 9068 §4). Checks are in the order of what
/// they cost, so that nothing is fetched or computed for a token that cannot be good. A token that was good
/// before is asked only what may have changed since.
/// </summary>
internal sealed class TokenValidator(IssuerDirectory issuers, RevocationList revocations, TokenCache cache, TimeProvider time)
{
    private const int LongestLoggedKeyId = 64;

    private static readonly SearchValues<char> KeyIdCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/");

    /// <param name="token">As it came.</param>
    /// <param name="isProven">
    /// It came with a proof of possession, which the caller checks afterwards; else as a bearer token.
    /// </param>
    /// <exception cref="Exception">The database is away, and with it the list of what was revoked.</exception>
    public ValueTask<TokenVerdict> ValidateAsync(string token, bool isProven, CancellationToken ct)
    {
        if (token.Length > CompactToken.MostCharacters)
        {
            return ValueTask.FromResult(TokenVerdict.No(new RefusedToken(TokenRefusal.TooLarge)));
        }

        if (!Ascii.IsValid(token))
        {
            return ValueTask.FromResult(TokenVerdict.No(new RefusedToken(TokenRefusal.NotCompact)));
        }

        var digest = TokenDigest.Of(token);
        if (cache.Find(digest) is not { } known)
        {
            return ValidateNewAsync(token, digest, isProven, ct);
        }

        var issuer = issuers.FindAsync(known.Issuer.Registration.Issuer, ct);
        var revoked = revocations.GetAsync(ct);
        return issuer.IsCompletedSuccessfully && revoked.IsCompletedSuccessfully
            ? CheckAgain(known, issuer.Result, revoked.Result, token, digest, isProven, ct)
            : CheckAgainAsync(known, issuer, revoked, token, digest, isProven, ct);
    }

    private async ValueTask<TokenVerdict> CheckAgainAsync(
        AccessToken known,
        ValueTask<TrustedIssuer?> issuer,
        ValueTask<Revocations> revoked,
        string token,
        TokenDigest digest,
        bool isProven,
        CancellationToken ct)
    {
        var trusted = await issuer;
        return await CheckAgain(known, trusted, await revoked, token, digest, isProven, ct);
    }

    /// <summary>
    /// Of a token that was good: is it still the same registration, is its key still published, is it still
    /// its time, and has nobody revoked it?
    /// </summary>
    private ValueTask<TokenVerdict> CheckAgain(
        AccessToken known,
        TrustedIssuer? issuer,
        Revocations revoked,
        string token,
        TokenDigest digest,
        bool isProven,
        CancellationToken ct)
    {
        if (issuer != known.Issuer || issuer.Keys.Current is not { } document || !document.Keys.Contains(known.Key))
        {
            cache.Remove(digest);
            return ValidateNewAsync(token, digest, isProven, ct);
        }

        var refusal = CheckBinding(issuer.Registration, known.ProofKeyThumbprint, isProven)
            ?? known.Times.Check(Now())
            ?? (revoked.Revoke(known) ? TokenRefusal.Revoked : null);
        if (refusal is not { } reason)
        {
            return ValueTask.FromResult(TokenVerdict.Good(known));
        }

        return ValueTask.FromResult(TokenVerdict.No(
            new RefusedToken(reason, issuer.Registration.Issuer, Loggable(known.Key.KeyId), known.UserHash)));
    }

    private async ValueTask<TokenVerdict> ValidateNewAsync(string text, TokenDigest digest, bool isProven, CancellationToken ct)
    {
        if (CompactToken.TryRead(text, mayBringKey: false, out var token) is { } unreadable)
        {
            return TokenVerdict.No(new RefusedToken(unreadable));
        }

        var keyId = Loggable(token!.KeyId);
        if (!token.TryReadPayload(out var payload))
        {
            return TokenVerdict.No(new RefusedToken(TokenRefusal.PayloadMalformed, null, keyId));
        }

        if (!payload.TryGetString("iss", out var name))
        {
            return TokenVerdict.No(new RefusedToken(TokenRefusal.IssuerMissing, null, keyId));
        }

        if (await issuers.FindAsync(name, ct) is not { } issuer)
        {
            return TokenVerdict.No(new RefusedToken(TokenRefusal.IssuerUnknown, null, keyId));
        }

        var subject = ClaimRules.SubjectOf(issuer.Registration, payload);
        var userHash = subject is null ? null : SubjectHash.Of(name, subject);
        TokenVerdict Refuse(TokenRefusal reason) => TokenVerdict.No(new RefusedToken(reason, name, keyId, userHash));

        if (CheckClaims(issuer.Registration, token, payload, isProven, out var times, out var thumbprint) is { } wrong)
        {
            return Refuse(wrong);
        }

        // Only now is anything fetched, and only now is anything computed.
        var key = await issuer.Keys.FindAsync(token.Algorithm, token.KeyId, ct);
        if (key.Key is null)
        {
            return key.IsUnavailable ? TokenVerdict.Unavailable : Refuse(TokenRefusal.KeyUnknown);
        }

        if (!token.IsSignedBy(key.Key))
        {
            return Refuse(TokenRefusal.SignatureWrong);
        }

        var good = AccessToken.From(issuer, key.Key, payload, subject!, times, thumbprint);
        if ((await revocations.GetAsync(ct)).Revoke(good))
        {
            return Refuse(TokenRefusal.Revoked);
        }

        if (good.IsSmall)
        {
            cache.Add(digest, good);
        }

        return TokenVerdict.Good(good);
    }

    private TokenRefusal? CheckClaims(
        IssuerRegistration issuer,
        CompactToken token,
        JsonElement payload,
        bool isProven,
        out TokenTimes times,
        out string? thumbprint)
    {
        (times, thumbprint) = (default, null);
        if (!issuer.Algorithms.Contains(token.Algorithm.Name))
        {
            return TokenRefusal.AlgorithmNotAllowed;
        }

        if (!issuer.TokenTypes.Contains(IssuerRegistration.NormalizedType(token.Type)))
        {
            return TokenRefusal.TypeNotAllowed;
        }

        return TokenTimes.TryRead(payload, out times)
            ?? times.Check(Now())
            ?? ClaimRules.Check(issuer, payload)
            ?? (ClaimRules.TryReadBinding(payload, out thumbprint) ? (TokenRefusal?)null : TokenRefusal.BindingMalformed)
            ?? CheckBinding(issuer, thumbprint, isProven);
    }

    /// <summary>A bound token is worth nothing without its proof (RFC 9449 §7.2), nor a proof without a bound token.</summary>
    private static TokenRefusal? CheckBinding(IssuerRegistration issuer, string? thumbprint, bool isProven) =>
        (isProven, thumbprint is not null, issuer.Dpop) switch
        {
            (true, _, DpopMode.Off) => TokenRefusal.DpopNotAccepted,
            (true, false, _) => TokenRefusal.NotBoundButSentAsDpop,
            (false, true, _) => TokenRefusal.BoundButSentAsBearer,
            (false, false, DpopMode.Required) => TokenRefusal.DpopRequired,
            _ => null,
        };

    /// <summary>A key id is any text that a stranger likes; what does not look like one is not repeated.</summary>
    private static string? Loggable(string? keyId) =>
        keyId is { Length: <= LongestLoggedKeyId } && !keyId.AsSpan().ContainsAnyExcept(KeyIdCharacters) ? keyId : null;

    private long Now() => time.GetUtcNow().ToUnixTimeSeconds();
}
