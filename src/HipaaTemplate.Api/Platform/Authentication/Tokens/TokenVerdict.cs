namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>What is logged of a token that was refused.</summary>
/// <param name="Reason">For the operator.</param>
/// <param name="Issuer">Null unless it is one that is registered: anything may stand in a token.</param>
/// <param name="KeyId">Null unless it looks like one.</param>
/// <param name="UserHash">Null when the token was refused before its subject was read.</param>
internal sealed record RefusedToken(TokenRefusal Reason, string? Issuer = null, string? KeyId = null, string? UserHash = null);

/// <summary>A good token, a refused one, or neither: the issuer's keys could not be had, so nobody knows.</summary>
internal readonly record struct TokenVerdict(AccessToken? Token, RefusedToken? Refused)
{
    public static readonly TokenVerdict Unavailable;

    public static TokenVerdict Good(AccessToken token) => new(token, null);

    public static TokenVerdict No(RefusedToken refused) => new(null, refused);
}
