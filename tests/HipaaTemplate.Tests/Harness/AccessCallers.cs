using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Harness;

/// <summary>One identity of the access matrix.</summary>
/// <param name="Owner">Whose rows are this caller's own: the same subject in the tenant where they belong.</param>
/// <param name="Token">Null for somebody without one.</param>
/// <param name="Refusal">What keeps the caller out before roles are asked; null for a user in order.</param>
internal sealed record Caller(string Name, TestUser Owner, string? Token, Error? Refusal)
{
    public TenantId Home => Owner.Tenant!.Value;

    public bool HasOneOf(string[] roles) => Owner.Roles.Intersect(roles).Any();
}

/// <summary>Each role in two tenants, and everybody who is to be kept out.</summary>
internal static class AccessCallers
{
    public static IReadOnlyList<Caller> Of(Clinic northwind, Clinic southgate, Clinic suspended) =>
    [
        .. from clinic in new[] { northwind, southgate }
           from role in Roles.All
           select InOrder($"{role} of {(clinic == northwind ? "A" : "B")}", clinic.User(role)),
        InOrder("user without roles", northwind.User()),
        KeptOut("nobody", northwind, _ => null, AuthenticationErrors.NoToken),
        KeptOut("expired token", northwind, Expired, AuthenticationErrors.TokenRefused),
        KeptOut(
            "token for another audience", northwind,
            token => token.With("aud", "https://another-api.test"), AuthenticationErrors.TokenRefused),
        KeptOut("suspended tenant", suspended, token => token, TenantErrors.Suspended),
        KeptOut("token without tenant", northwind, token => token.Without("tenant_id"), TenantErrors.NoClaim),
        KeptOut(
            "unknown tenant", northwind,
            token => token.With("tenant_id", $"{Guid.CreateVersion7()}"), TenantErrors.Unknown),
    ];

    private static Caller InOrder(string name, TestUser user) =>
        new(name, user, App.Issuer.NewToken(user).Sign(), null);

    /// <summary>With every role, so that nothing but the flaw can be the reason.</summary>
    private static Caller KeptOut(
        string name, Clinic clinic, Func<TokenBuilder, TokenBuilder?> flaw, Error refusal)
    {
        var user = new TestUser($"{name}@{clinic.Slug}", clinic.Id, Roles.All);
        return new Caller(name, user, flaw(App.Issuer.NewToken(user))?.Sign(), refusal);
    }

    private static TokenBuilder Expired(TokenBuilder token)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return token.With("iat", now - 400).With("nbf", now - 400).With("exp", now - 100);
    }
}
