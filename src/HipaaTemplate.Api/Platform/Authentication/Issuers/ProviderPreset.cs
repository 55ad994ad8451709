namespace HipaaTemplate.Platform.Authentication.Issuers;

/// <summary>A member of the payload that a provider's access tokens have, and its other tokens have not.</summary>
/// <param name="Name">Of the member.</param>
/// <param name="Values">It has one of them; any will do when there are none.</param>
internal sealed record RequiredClaim(string Name, params string[] Values);

/// <summary>
/// What the access tokens of a provider look like where they differ from RFC 9068. A registration starts
/// from these facts and may set each of the first six otherwise. docs/AUTH_CONFIGURATION.md has a page for
/// each provider.
/// </summary>
internal sealed record ProviderPreset
{
    /// <summary>Stands for a header without <c>typ</c>.</summary>
    public const string AbsentType = "absent";

    private const string AccessTokenType = "at+jwt";
    public const string AnyTokenType = "jwt";

    /// <summary>The last is what tokens of consumers call it: every personal Microsoft account is in there.</summary>
    private static readonly string[] EverybodysDirectories =
        ["/common", "/organizations", "/consumers", "{", "/9188040d-6c67-4c5b-b112-36a304b66dad"];

    public string[] TokenTypes { get; private init; } = [AccessTokenType];

    /// <summary>The only audience that there is; null where the registration has to name it.</summary>
    public string? Audience { get; private init; }

    public string TenantClaim { get; private init; } = "tenant_id";

    public string RolesClaim { get; private init; } = "roles";

    public string ScopeClaim { get; private init; } = "scope";

    public string PatientClaim { get; private init; } = "patient_id";

    /// <summary>Where the keys are, for providers whose discovery document may be missing.</summary>
    public Func<string, string>? KeysOf { get; private init; }

    /// <summary>True where access tokens have no audience, and the client stands for it.</summary>
    public bool ClientIsAudience { get; private init; }

    public string ClientClaim { get; private init; } = "client_id";

    /// <summary>Which claim names the user for good; <c>sub</c> is wanted besides.</summary>
    public string SubjectClaim { get; private init; } = "sub";

    public string SessionClaim { get; private init; } = "sid";

    /// <summary>False where only ID and logout tokens name the session: a logout then ends all of the user's access tokens.</summary>
    public bool NamesSession { get; private init; } = true;

    /// <summary>Of one authentication context, or of a list of them.</summary>
    public string ContextClassClaim { get; private init; } = "acr";

    public Func<string, IReadOnlyList<RequiredClaim>> RequiredClaims { get; private init; } = _ => [];

    /// <summary>Members that must be absent or false.</summary>
    public string[] ForbiddenClaims { get; private init; } = [];

    /// <summary>What is wrong with an issuer's URL, as a sentence's end; null when it can be one.</summary>
    public Func<string, string?> IssuerProblem { get; private init; } = _ => null;

    public static ProviderPreset Of(IdentityProvider provider) => provider switch
    {
        IdentityProvider.Cognito => Cognito,
        IdentityProvider.Okta => Okta,
        IdentityProvider.Auth0 => Auth0,
        IdentityProvider.Entra => Entra,
        IdentityProvider.Keycloak => Keycloak,
        IdentityProvider.Supabase => Supabase,
        _ => Generic,
    };

    private static readonly ProviderPreset Generic = new();

    private static readonly ProviderPreset Cognito = new()
    {
        TokenTypes = [AnyTokenType, AbsentType],
        ClientIsAudience = true,
        TenantClaim = "custom:tenant_id",
        PatientClaim = "custom:patient_id",
        RolesClaim = "cognito:groups",
        SessionClaim = "origin_jti",
        RequiredClaims = _ => [new("token_use", "access")],
    };

    private static readonly ProviderPreset Okta = new()
    {
        TokenTypes = [AbsentType, AnyTokenType],
        RolesClaim = "groups",
        ScopeClaim = "scp",
        ClientClaim = "cid",
        // sub is the login there, mostly an e-mail address, and may change hands.
        SubjectClaim = "uid",
        // ID tokens have none.
        RequiredClaims = _ => [new("cid")],
    };

    private static readonly ProviderPreset Auth0 = new()
    {
        RolesClaim = "permissions",
        NamesSession = false,
        IssuerProblem = issuer => issuer.EndsWith('/') ? null : "of Auth0 ends in a slash",
    };

    private static readonly ProviderPreset Entra = new()
    {
        TokenTypes = [AnyTokenType],
        TenantClaim = "tid",
        ScopeClaim = "scp",
        ClientClaim = "azp",
        // sub differs from one app registration to the next.
        SubjectClaim = "oid",
        ContextClassClaim = "acrs",
        // The version is the app registration's choice; scp is what ID tokens do not have.
        RequiredClaims = issuer =>
            [new("ver", issuer.EndsWith("/v2.0", StringComparison.Ordinal) ? "2.0" : "1.0"), new("scp"), new("oid")],
        IssuerProblem = issuer =>
            Array.Exists(EverybodysDirectories, part => issuer.Contains(part, StringComparison.OrdinalIgnoreCase))
                ? "of Entra ID names one directory: common, organizations and consumers let every Microsoft customer in"
                : null,
    };

    private static readonly ProviderPreset Keycloak = new()
    {
        TokenTypes = [AnyTokenType],
        RolesClaim = "realm_access.roles",
        ClientClaim = "azp",
        // ID and refresh tokens say "ID" and "Refresh" there, and access tokens that are bound to a key say "DPoP".
        RequiredClaims = _ => [new("typ", "Bearer", "DPoP")],
    };

    private static readonly ProviderPreset Supabase = new()
    {
        TokenTypes = [AnyTokenType],
        Audience = "authenticated",
        TenantClaim = "app_metadata.tenant_id",
        RolesClaim = "app_metadata.roles",
        PatientClaim = "app_metadata.patient_id",
        SessionClaim = "session_id",
        ContextClassClaim = "aal",
        KeysOf = issuer => issuer.TrimEnd('/') + "/.well-known/jwks.json",
        // The project's own keys are tokens too, with the roles anon and service_role.
        RequiredClaims = _ => [new("role", "authenticated")],
        ForbiddenClaims = ["is_anonymous"],
    };
}
