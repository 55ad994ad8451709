using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.OpenApi;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HipaaTemplate.Platform.Authentication.Users;

/// <summary>GET /api/v1/auth/me, and /api/v1/me: who the token says one is, and what that allows.</summary>
internal static class GetMe
{
    public static void Map(IEndpointRouteBuilder api)
    {
        foreach (var path in new[] { "/auth/me", "/me" })
        {
            api.MapGet(path, HandleAsync)
                .WithTags("Authentication")
                .WithSummary("User, tenant, roles, permissions and strength of the sign-in, as this token has them")
                .RequireAuthorization(Policies.ReadOwnAccount)
                .Fails();
        }
    }

    private static async Task<Ok<Response>> HandleAsync(
        HttpContext context, CurrentUser users, TenantContext tenantContext, TenantDirectory tenants, StepUpRules stepUp, CancellationToken ct)
    {
        var token = context.Features.Get<AccessToken>()!;
        var entry = await tenants.FindAsync(tenantContext.Id, ct);
        return TypedResults.Ok(new Response(
            new UserAnswer(await users.FindOrLinkAsync(token, ct), token.Issuer.Registration.Issuer, token.Subject),
            new TenantAnswer(tenantContext.Id.Value, entry!.Slug, entry.Name),
            token.Roles,
            [.. Policies.RolesOf.Where(policy => policy.Value.Intersect(token.Roles).Any())
                .Select(policy => EnumWordConverterFactory.WordOf(policy.Key))],
            token.Scopes,
            new AuthenticationAnswer(
                token.ContextClasses,
                token.Methods,
                TimeOf(token.Times.SignedInAt),
                stepUp.HasSeveralFactors(token),
                token.ProofKeyThumbprint is not null),
            DateTimeOffset.FromUnixTimeSeconds(token.Times.Expires)));
    }

    private static DateTimeOffset? TimeOf(long? seconds) =>
        seconds is { } value ? DateTimeOffset.FromUnixTimeSeconds(value) : null;

    /// <param name="Permissions">Names of the policies whose roles the user has.</param>
    /// <param name="ExpiresAt">When the token does.</param>
    public sealed record Response(
        UserAnswer User,
        TenantAnswer Tenant,
        IReadOnlyList<string> Roles,
        IReadOnlyList<string> Permissions,
        IReadOnlyList<string> Scopes,
        AuthenticationAnswer Authentication,
        DateTimeOffset ExpiresAt);

    /// <param name="Id">Of this tenant's own; stays the same.</param>
    public sealed record UserAnswer(Guid Id, string Issuer, string Subject);

    public sealed record TenantAnswer(Guid Id, string Slug, string Name);

    /// <param name="Acr">Authentication context classes, in the issuer's words.</param>
    /// <param name="Amr">Methods (RFC 8176), in the issuer's words.</param>
    /// <param name="AuthTime">When the user signed in; null when the issuer does not say.</param>
    /// <param name="MultiFactor">By STEP_UP_ACR_VALUES and STEP_UP_AMR_VALUES.</param>
    /// <param name="ProofOfPossession">The token is bound to a key of the client (RFC 9449).</param>
    public sealed record AuthenticationAnswer(
        IReadOnlyList<string> Acr, IReadOnlyList<string> Amr, DateTimeOffset? AuthTime, bool MultiFactor, bool ProofOfPossession);
}
