using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Authentication;

/// <summary>Whose tokens are accepted, and where in them tenant and roles are.</summary>
internal sealed class AuthenticationSettings : IHasProblems
{
    /// <summary>What a problem of an issuer's definition is called where it comes from flat settings.</summary>
    private static readonly Dictionary<string, string> SettingOfMember = new()
    {
        ["issuer"] = "OIDC_ISSUER_URL",
        ["jwks_uri"] = "OIDC_JWKS_URI",
        ["audiences"] = "OIDC_AUDIENCE",
        ["client_ids"] = "OIDC_CLIENT_ID",
        ["algorithms"] = "OIDC_ALGORITHMS",
        ["tenant"] = "OIDC_TENANT",
        ["tenants"] = "OIDC_TENANTS",
        ["tenant_claim"] = "JWT_TENANT_CLAIM_NAME",
        ["roles_claim"] = "JWT_ROLES_CLAIM_NAME",
        ["scope_claim"] = "JWT_SCOPE_CLAIM_NAME",
        ["patient_claim"] = "JWT_PATIENT_CLAIM_NAME",
    };

    [Setting("OIDC_PROVIDER", "Whose conventions the tokens follow: generic (RFC 9068), cognito, okta, auth0, entra, keycloak or supabase. The defaults below that depend on it are in docs/AUTH_CONFIGURATION.md.",
        DefaultText = "generic")]
    public IdentityProvider Provider { get; set; }

    [Setting("OIDC_ISSUER_URL", "Issuer of the identity provider, exactly as in its tokens; discovery and keys come from it.",
        Required = true)]
    public Uri? IssuerUrl { get; set; }

    [Setting("OIDC_CLIENT_ID", "Client ids of the apps at the identity provider, comma-separated; /docs signs in with the first.", Required = true)]
    public string[] ClientIds { get; set; } = [];

    [Setting("OIDC_AUDIENCE", "Accepted aud of access tokens, comma-separated.", DefaultText = "the provider's, or OIDC_CLIENT_ID")]
    public string[] Audiences { get; set; } = [];

    [Setting("OIDC_JWKS_URI", "Address of the keys, when they are not to be looked up in the issuer's discovery document.",
        DefaultText = "by discovery")]
    public Uri? JwksUri { get; set; }

    [Setting("OIDC_TOKEN_TYPES", "Accepted typ of access tokens, comma-separated: at+jwt, jwt; absent stands for none.",
        DefaultText = "the provider's; generic: at+jwt")]
    public string[] TokenTypes { get; set; } = [];

    [Setting("OIDC_ALGORITHMS", "Accepted signature algorithms, comma-separated: RS, PS or ES with 256, 384 or 512.",
        DefaultText = "RS256,PS256,ES256")]
    public string[] Algorithms { get; set; } = [];

    [Setting("OIDC_REQUIRED_SCOPE", "Scope that every access token must have.")]
    public string? RequiredScope { get; set; }

    [Setting("OIDC_DPOP", "Proof of possession (RFC 9449): off, accepted, or required, which refuses bearer tokens.", DefaultText = "off")]
    public DpopMode Dpop { get; set; }

    [Setting("OIDC_DPOP_ORIGINS", "Where clients reach this API, comma-separated, such as https://api.example.org: a proof of possession must be for one of them. Needed with OIDC_DPOP outside development.",
        DefaultText = "in development, what the request says")]
    public string[] ProofOrigins { get; set; } = [];

    [Setting("OIDC_TENANTS", "Ids of the tenants that tokens of this issuer may name, comma-separated.", DefaultText = "every registered tenant")]
    public string[] Tenants { get; set; } = [];

    [Setting("OIDC_TENANT", "Id of the tenant that every token of this issuer is for; a tenant claim, where JWT_TENANT_CLAIM_NAME is set, must then be equal.",
        DefaultText = "the token names it")]
    public string? DedicatedTo { get; set; }

    [Setting("JWT_TENANT_CLAIM_NAME", "Claim that holds the tenant's id (a UUID): a name, a path such as app_metadata.tenant_id, or a JSON pointer such as /app_metadata/tenant_id.",
        DefaultText = "the provider's; generic: tenant_id")]
    public string? TenantClaimName { get; set; }

    [Setting("JWT_ROLES_CLAIM_NAME", "Claim that holds the roles (a string or an array of strings): a name, a path or a JSON pointer.",
        DefaultText = "the provider's; generic: roles")]
    public string? RolesClaimName { get; set; }

    [Setting("JWT_SCOPE_CLAIM_NAME", "Claim that holds the scopes (words in a string, or an array): a name, a path or a JSON pointer.",
        DefaultText = "the provider's; generic: scope")]
    public string? ScopeClaimName { get; set; }

    [Setting("JWT_PATIENT_CLAIM_NAME", "Claim that says which patient the user is (a patient's id, a UUID): a name, a path or a JSON pointer. One that users cannot write.",
        DefaultText = "the provider's; generic: patient_id")]
    public string? PatientClaimName { get; set; }

    [Setting("OIDC_ISSUERS", "Further issuers: a JSON array of objects with issuer, provider, client_ids, audiences, tenants or tenant, and the rest of docs/AUTH_CONFIGURATION.md.",
        DefaultText = "none")]
    public string? FurtherIssuers { get; set; }

    /// <summary>The issuer as written, without the slash that <see cref="Uri"/> adds to a bare host.</summary>
    public string Issuer => IssuerUrl!.OriginalString;

    private IssuerDefinition Primary => new()
    {
        Issuer = Issuer,
        Provider = Provider,
        ClientIds = ClientIds,
        Audiences = Audiences,
        JwksUri = JwksUri?.OriginalString,
        TokenTypes = TokenTypes,
        Algorithms = Algorithms,
        RequiredScope = RequiredScope,
        Dpop = Dpop,
        Tenants = Tenants,
        DedicatedTo = DedicatedTo,
        TenantClaim = TenantClaimName,
        RolesClaim = RolesClaimName,
        ScopeClaim = ScopeClaimName,
        PatientClaim = PatientClaimName,
    };

    /// <summary>What no environment allows; <see cref="AuthenticationSettingsValidator"/> knows which one this is.</summary>
    public IEnumerable<string> Problems() => Problems(isDevelopment: true);

    /// <summary>The primary issuer first. Only for settings without problems.</summary>
    public IReadOnlyList<IssuerRegistration> Registrations(bool isDevelopment) =>
    [
        .. Further().Prepend(Primary).Select(definition =>
            IssuerRegistration.TryCreate(definition, isDevelopment, out var problems)
            ?? throw new InvalidOperationException(string.Join(' ', problems))),
    ];

    /// <param name="isDevelopment">Where plain http to this machine is allowed.</param>
    public IEnumerable<string> Problems(bool isDevelopment)
    {
        foreach (var problem in IssuerRules.ProblemsOf(Primary, isDevelopment))
        {
            var member = problem.Split(' ')[0];
            yield return SettingOfMember.GetValueOrDefault(member, member) + problem[member.Length..];
        }

        if (!Array.TrueForAll(ProofOrigins, IsOrigin))
        {
            yield return "OIDC_DPOP_ORIGINS must be origins: scheme, host and port, without a path.";
        }

        // The Host header is the caller's: with it, a proof that was made for another server would do.
        if (!isDevelopment && ProofOrigins.Length == 0 && Further().Prepend(Primary).Any(definition => definition.Dpop != DpopMode.Off))
        {
            yield return "OIDC_DPOP_ORIGINS is missing: proofs of possession are for an address of this API.";
        }

        if (FurtherIssuers is not null && IssuerDefinition.TryParseList(FurtherIssuers) is null)
        {
            yield return "OIDC_ISSUERS must be a JSON array of issuers; see docs/AUTH_CONFIGURATION.md.";
            yield break;
        }

        var further = Further();
        foreach (var (index, definition) in further.Index())
        {
            foreach (var problem in IssuerRules.ProblemsOf(definition, isDevelopment))
            {
                yield return $"OIDC_ISSUERS, issuer {index + 1}: {problem}";
            }
        }

        if (further.Select(definition => definition.Issuer).Append(Issuer).Distinct(StringComparer.Ordinal).Count() <= further.Length)
        {
            yield return "OIDC_ISSUERS names an issuer twice, or the one of OIDC_ISSUER_URL.";
        }
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && uri is { PathAndQuery: "/", Fragment: "", UserInfo: "" };

    private IssuerDefinition[] Further() =>
        FurtherIssuers is null ? [] : IssuerDefinition.TryParseList(FurtherIssuers) ?? [];
}

/// <summary>Refuses outside development what is allowed in it.</summary>
internal sealed class AuthenticationSettingsValidator(IOptions<ServerSettings> server) : IValidateOptions<AuthenticationSettings>
{
    public ValidateOptionsResult Validate(string? name, AuthenticationSettings options)
    {
        // A missing issuer is reported where settings are bound.
        string[] problems = options.IssuerUrl is null ? [] : [.. options.Problems(server.Value.IsDevelopment)];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
