using HipaaTemplate.Platform.Authentication.Tokens;
using static HipaaTemplate.Platform.Authentication.Tokens.TokenRefusal;

namespace HipaaTemplate.Tests.Platform.Authentication.Providers;

/// <summary>What the API makes of the access token on a provider's page.</summary>
/// <param name="SignedInAgo">Seconds between sign-in and the token's <c>iat</c>; null where the token does not say.</param>
internal sealed record ProviderUser(
    string Provider, string Subject, string[] Roles, string[] Scopes, string[] Acr, string[] Amr, int? SignedInAgo, bool MultiFactor);

/// <summary>A token of a provider that is no access token for this API, in that provider's shape.</summary>
/// <param name="Change">Makes it of the page's access token.</param>
internal sealed record ProviderTrap(
    string Provider, string Name, TokenRefusal Refusal, Func<TokenBuilder, ProviderStage, TokenBuilder> Change);

/// <summary>
/// The tokens of the six providers. The access tokens stand on their pages in docs/identity-providers; here is what
/// they mean, and what the same provider signs with the same keys besides. A line a token. Where a token fails by
/// several checks, a second line leaves only the last one to hold.
/// </summary>
internal static class ProviderTokens
{
    public static readonly IReadOnlyList<ProviderUser> Users =
    [
        new("cognito", "c3a4f8d2-1111-4a5b-8c6d-7e8f9a0b1c2d", ["doctor"], ["openid"], [], [], 30, false),
        new("okta", "00u1exampleUser5d7", ["doctor"], ["openid", "offline_access"], ["urn:okta:loa:2fa:any"], [], 30, true),
        new("auth0", "auth0|65f0example0000000000000a", ["doctor"], ["openid", "offline_access"], [], [], null, false),
        new("entra", "f1e2d3c4-5555-4e4c-8a3b-7c8d9e0f1a2b", ["doctor"], ["access_as_user"], ["c1"], [], null, true),
        new("keycloak", "9d8c7b6a-6666-4f5e-8d4c-3b2a1f0e9d8c", ["doctor", "default-roles-records"], ["openid", "profile", "email"], ["mfa"], [], 30, true),
        new("supabase", "1b2c3d4e-8888-4a6b-9c7d-0e1f2a3b4c5d", ["doctor"], [], ["aal2"], ["totp", "password"], 10, true),
    ];

    public static readonly IReadOnlyList<ProviderTrap> Traps =
    [
        new("cognito", "the ID token", ClientWrong, CognitoIdToken),
        new("cognito", "the ID token with a client_id", ClaimMissing, (t, s) => CognitoIdToken(t, s).With("client_id", s.ClientId)),
        new("cognito", "of another client of the pool", ClientWrong, (t, _) => t.With("client_id", "7another0client0of0the0pool")),
        new("cognito", "token_use id", ClaimMissing, (t, _) => t.With("token_use", "id")),
        new("cognito", "without token_use", ClaimMissing, (t, _) => t.Without("token_use")),

        new("okta", "the ID token", SubjectMissing, OktaIdToken),
        new("okta", "the ID token with uid, for the API", ClaimMissing, (t, s) => OktaIdToken(t, s).With("uid", "00u1exampleUser5d7").With("aud", s.Audience)),
        new("okta", "of the org authorization server", IssuerUnknown, (t, s) => t.With("iss", s.Issuer.Origin).With("aud", s.Issuer.Origin)),
        new("okta", "for Okta's own APIs", AudienceWrong, (t, s) => t.With("aud", s.Issuer.Origin)),
        new("okta", "of an app that signed in for itself", SubjectMissing, (t, s) => t.Without("uid").Without("auth_time").With("sub", s.ClientId)),

        new("auth0", "in the default profile, whose typ is JWT", TypeNotAllowed, (t, s) => t.WithHeader("typ", "JWT").Without("client_id").With("azp", s.ClientId)),
        new("auth0", "the ID token", TypeNotAllowed, (t, s) => Auth0IdToken(t, s).WithHeader("typ", "JWT")),
        new("auth0", "the ID token as at+jwt", AudienceWrong, Auth0IdToken),
        new("auth0", "for userinfo alone", AudienceWrong, (t, s) => t.With("aud", s.Issuer.Issuer + "userinfo")),
        new("auth0", "whose issuer has no slash", IssuerUnknown, (t, s) => t.With("iss", s.Issuer.Origin)),

        new("entra", "in version 1.0", IssuerUnknown, EntraVersion1),
        new("entra", "in version 1.0, of the issuer of 2.0", ClaimMissing, (t, s) => EntraVersion1(t, s).With("iss", s.Issuer.Issuer).With("aud", s.Audience)),
        new("entra", "of another directory", IssuerUnknown, (t, s) => t.With("iss", $"{s.Issuer.Origin}/3c2b1a09-6666-4d5c-8b7a-9f8e7d6c5b4a/v2.0")),
        new("entra", "the ID token", AudienceWrong, EntraIdToken),
        new("entra", "the ID token where app and API are one registration", ClaimMissing, (t, s) => EntraIdToken(t, s).With("aud", s.Audience)),
        new("entra", "of an app that signed in for itself, without scp", ClaimMissing, (t, _) => t.Without("scp").Without("acrs").With("azpacr", "1").With("idtyp", "app")),
        new("entra", "without oid, because profile was not asked for", SubjectMissing, (t, _) => t.Without("oid")),

        new("keycloak", "for account, as without a mapper", AudienceWrong, (t, _) => t.With("aud", "account")),
        new("keycloak", "without aud", AudienceWrong, (t, _) => t.Without("aud")),
        new("keycloak", "the ID token", AudienceWrong, KeycloakIdToken),
        new("keycloak", "the ID token for the API", ClaimMissing, (t, s) => KeycloakIdToken(t, s).With("aud", s.Audience)),
        new("keycloak", "the refresh token", AlgorithmUnknown, KeycloakRefreshToken),
        new("keycloak", "the refresh token, signed by the realm's key, for the API", ClaimMissing, (t, s) => KeycloakRefreshToken(t, s).WithHeader("alg", "RS256").With("aud", s.Audience)),
        new("keycloak", "a lightweight one, without sub", SubjectMissing, (t, _) => t.Without("sub")),
        new("keycloak", "of another realm", IssuerUnknown, (t, s) => t.With("iss", s.Issuer.Origin + "/realms/master")),
        new("keycloak", "bound to a key, sent as a bearer token", BoundButSentAsBearer, (t, _) => t.With("typ", "DPoP").With("cnf", new { jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" })),

        new("supabase", "the key anon", AlgorithmUnknown, (t, _) => SupabaseKey(t, "anon")),
        new("supabase", "the key service_role", AlgorithmUnknown, (t, _) => SupabaseKey(t, "service_role")),
        new("supabase", "a user's of the role anon", ClaimMissing, (t, _) => t.With("role", "anon")),
        new("supabase", "a user's of the role service_role", ClaimMissing, (t, _) => t.With("role", "service_role")),
        new("supabase", "an anonymous user's", ClaimForbidden, (t, _) => t.With("is_anonymous", true)),
        new("supabase", "an anonymous user's, who says so in a word", ClaimForbidden, (t, _) => t.With("is_anonymous", "true")),
        new("supabase", "signed with the legacy secret", AlgorithmUnknown, (t, _) => t.WithHeader("alg", "HS256").WithoutHeader("kid")),
    ];

    private static TokenBuilder CognitoIdToken(TokenBuilder token, ProviderStage stage) => token
        .Without("client_id").Without("scope").Without("username")
        .With("aud", stage.ClientId).With("token_use", "id").With("at_hash", "exampleHashOnly")
        .With("cognito:username", "dana").With("email", "dana@northwind.test").With("email_verified", true);

    private static TokenBuilder OktaIdToken(TokenBuilder token, ProviderStage stage) => token
        .Without("cid").Without("uid").Without("scp")
        .With("aud", stage.ClientId).With("jti", "ID.exampleOnly").With("sub", "00u1exampleUser5d7").With("idp", "00o1exampleIdp5d7")
        .With("amr", new[] { "pwd", "otp", "mfa" }).With("nonce", "n").With("at_hash", "exampleHashOnly")
        .With("name", "Dana").With("preferred_username", "dana@northwind.test");

    private static TokenBuilder Auth0IdToken(TokenBuilder token, ProviderStage stage) => token
        .Without("client_id").Without("scope").Without("permissions").Without("jti")
        .With("aud", stage.ClientId).With("nonce", "n").With("sid", "exampleSession").With("name", "Dana");

    private static TokenBuilder EntraIdToken(TokenBuilder token, ProviderStage stage) => token
        .Without("scp").Without("azp").Without("azpacr").Without("acrs")
        .With("aud", stage.ClientId).With("nonce", "n").With("name", "Dana")
        .With("preferred_username", "dana@northwind.test").With("rh", "exampleOnly");

    private static TokenBuilder EntraVersion1(TokenBuilder token, ProviderStage stage) => token
        .Without("azp").Without("azpacr").WithHeader("x5t", "rsa")
        .With("iss", $"{stage.Issuer.Origin}/{stage.Clinic.Id}/").With("aud", "api://" + stage.Audience).With("ver", "1.0")
        .With("acr", "1").With("amr", new[] { "pwd", "mfa" }).With("appid", stage.ClientId).With("appidacr", "0")
        .With("unique_name", "dana@northwind.test").With("upn", "dana@northwind.test");

    private static TokenBuilder KeycloakIdToken(TokenBuilder token, ProviderStage stage) => token
        .Without("scope").Without("realm_access")
        .With("typ", "ID").With("aud", stage.ClientId).With("at_hash", "exampleHashOnly").With("nonce", "n")
        .With("email", "dana@northwind.test").With("preferred_username", "dana");

    private static TokenBuilder KeycloakRefreshToken(TokenBuilder token, ProviderStage stage) => token
        .WithHeader("alg", "HS512").Without("acr").Without("auth_time").Without("realm_access").Without("tenant_id")
        .With("typ", "Refresh").With("aud", stage.Issuer.Issuer);

    private static TokenBuilder SupabaseKey(TokenBuilder token, string role)
    {
        foreach (var name in token.Payload.Keys.Except(["iat", "exp"]))
        {
            token.Without(name);
        }

        return token.WithHeader("alg", "HS256").WithoutHeader("kid")
            .With("iss", "supabase").With("ref", "abcdefghexample").With("role", role);
    }
}
