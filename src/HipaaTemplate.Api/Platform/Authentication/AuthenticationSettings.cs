using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Settings;

namespace HipaaTemplate.Platform.Authentication;

/// <summary>Whose tokens are accepted, and where in them tenant and roles are.</summary>
internal sealed class AuthenticationSettings
{
    [Setting("OIDC_ISSUER_URL", "Issuer of the identity provider, exactly as in its tokens; discovery and keys come from it.",
        Required = true)]
    public Uri? IssuerUrl { get; set; }

    [Setting("OIDC_CLIENT_ID", "Client id of the single-page app at the identity provider.", Required = true)]
    public string ClientId { get; set; } = "";

    [Setting("OIDC_AUDIENCE", "Accepted aud of access tokens.", DefaultText = "OIDC_CLIENT_ID")]
    public string? Audience { get; set; }

    [Setting("JWT_TENANT_CLAIM_NAME", "Claim that holds the tenant's id (a UUID): a name, or a path into a nested claim such as app_metadata.tenant_id.")]
    public string TenantClaimName { get; set; } = "tenant_id";

    [Setting("JWT_ROLES_CLAIM_NAME", "Claim that holds the roles (a string or an array of strings): a name or a path.")]
    public string RolesClaimName { get; set; } = "roles";

    /// <summary>The issuer as written, without the slash that <see cref="Uri"/> adds to a bare host.</summary>
    public string Issuer => IssuerUrl!.OriginalString;

    public string AcceptedAudience => Audience ?? ClientId;

    /// <summary>Discovery document (OpenID Connect Discovery 1.0 §4).</summary>
    public string MetadataAddress => Issuer.TrimEnd('/') + "/.well-known/openid-configuration";

    /// <summary>Plain HTTP to the identity provider would let anybody on the way hand out keys.</summary>
    public bool MayUse(ServerSettings server) =>
        IssuerUrl!.Scheme == Uri.UriSchemeHttps
        || (server.IsDevelopment && IssuerUrl.Scheme == Uri.UriSchemeHttp && IssuerUrl.IsLoopback);
}
