using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Errors;
using Microsoft.AspNetCore.Authorization;

namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// Turns the verified claim into the scope's <see cref="TenantContext"/>. It stands right after
/// authentication and looks at nothing else: not at a header, a query, a route or a body.
/// </summary>
internal sealed class TenancyMiddleware(RequestDelegate next, TenantDirectory directory)
{
    public async Task InvokeAsync(HttpContext context, TenantContext tenantContext)
    {
        // Anonymous endpoints touch no tenant's data, whoever calls them.
        var isAnonymous = context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;
        if (!isAnonymous && context.User.Identity is { IsAuthenticated: true }
            && await EnterAsync(context, tenantContext) is { } error)
        {
            await Problem.WriteAsync(context, error);
            return;
        }

        await next(context);
    }

    private async ValueTask<Error?> EnterAsync(HttpContext context, TenantContext tenantContext)
    {
        var claim = context.Features.Get<AccessToken>()?.Tenant;
        if (claim is null or { Error: not null })
        {
            return claim?.Error ?? TenantErrors.NoClaim;
        }

        switch (await directory.FindAsync(claim.Id, context.RequestAborted))
        {
            case null:
                return TenantErrors.Unknown;
            case { Status: TenantStatus.Active }:
                tenantContext.Enter(claim.Id);
                return null;
            default:
                return TenantErrors.Suspended;
        }
    }
}
