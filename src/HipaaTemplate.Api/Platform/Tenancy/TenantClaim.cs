using System.Text.Json;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Tenancy;

/// <summary>What a verified token says about the tenant: an id, or the error that it is instead.</summary>
internal sealed record TenantClaim(TenantId Id, Error? Error)
{
    public static TenantClaim From(IReadOnlyList<JsonElement> values) => values switch
    {
        [] => new TenantClaim(default, TenantErrors.NoClaim),
        [{ ValueKind: JsonValueKind.String } value] when TenantId.TryParse(value.GetString(), out var id) =>
            new TenantClaim(id, null),
        [_] => new TenantClaim(default, TenantErrors.MalformedClaim),
        _ => new TenantClaim(default, TenantErrors.SeveralClaims),
    };
}
