using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Tenancy;

/// <summary>What a verified token says about the tenant: an id, or the error that it is instead.</summary>
internal sealed record TenantClaim(TenantId Id, Error? Error)
{
    private static readonly TenantClaim Foreign = new(default, TenantErrors.NotTheIssuers);

    /// <summary>
    /// A dedicated issuer speaks for its tenant and no other, a shared one for those that its registration
    /// lists, whatever it writes into its tokens.
    /// </summary>
    public static TenantClaim From(IssuerRegistration issuer, JsonElement payload)
    {
        if (issuer.TenantClaim is null)
        {
            return new TenantClaim(issuer.Tenant!.Value, null);
        }

        var claim = From(issuer.TenantClaim.Read(payload));
        return claim switch
        {
            { Error: not null } => claim,
            _ when issuer.Tenant is { } own && own != claim.Id => Foreign,
            _ when issuer.Tenants is { } own && !own.Contains(claim.Id) => Foreign,
            _ => claim,
        };
    }

    private static TenantClaim From(IReadOnlyList<JsonElement> values) => values switch
    {
        [] => new TenantClaim(default, TenantErrors.NoClaim),
        [var value] when value.TryGetString(out var text) && TenantId.TryParse(text, out var id) =>
            new TenantClaim(id, null),
        [_] => new TenantClaim(default, TenantErrors.MalformedClaim),
        _ => new TenantClaim(default, TenantErrors.SeveralClaims),
    };
}
