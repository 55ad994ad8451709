namespace HipaaTemplate.Platform.Authentication.Issuers;

/// <summary>Whose conventions an issuer's tokens follow; see <see cref="ProviderPreset"/>.</summary>
internal enum IdentityProvider
{
    /// <summary>Any provider of JWT access tokens by RFC 9068.</summary>
    Generic,
    Cognito,
    Okta,
    Auth0,
    Entra,
    Keycloak,
    Supabase,
}
