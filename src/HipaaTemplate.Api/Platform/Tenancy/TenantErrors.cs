using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Tenancy;

internal static class TenantErrors
{
    public static readonly Error NoClaim = new(
        "TEN_001", StatusCodes.Status403Forbidden,
        "The token names no tenant.",
        "Have the identity provider put the tenant's id into the claim JWT_TENANT_CLAIM_NAME.");

    public static readonly Error MalformedClaim = new(
        "TEN_002", StatusCodes.Status403Forbidden,
        "The token's tenant claim is not a tenant id.",
        "The claim must be one UUID as a string, 36 characters with hyphens.");

    public static readonly Error SeveralClaims = new(
        "TEN_003", StatusCodes.Status403Forbidden,
        "The token names more than one tenant.",
        "A token is for one tenant; sign in to the one you mean.");

    public static readonly Error Unknown = new(
        "TEN_004", StatusCodes.Status403Forbidden,
        "The token's tenant is not known here.",
        "An operator registers tenants with: HipaaTemplate.Api tenants add.");

    public static readonly Error Suspended = new(
        "TEN_005", StatusCodes.Status403Forbidden,
        "The tenant is suspended.",
        "Ask the operator.");

    public static readonly Error NotTheIssuers = new(
        "TEN_006", StatusCodes.Status403Forbidden,
        "The token's issuer may not speak for this tenant.",
        "Sign in at your own organisation's identity provider, or have the operator register the tenant for this one.");
}
