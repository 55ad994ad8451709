using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.OpenApi;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HipaaTemplate.Platform.Authentication.Revocation;

/// <summary>
/// POST /api/v1/auth/revocations: an administrator ends a user's tokens, or those of one session, within the
/// own tenant. Whether there is such a user or session is not told.
/// </summary>
internal static class RevokeTokens
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/auth/revocations", HandleAsync)
        .WithTags("Authentication")
        .WithSummary("Refuse a user's or a session's tokens in this tenant; holds everywhere within 5 s")
        .Produces(StatusCodes.Status204NoContent)
        .RequireAuthorization(Policies.RevokeTokens)
        .Fails();

    private static async Task<Results<NoContent, ProblemResult>> HandleAsync(
        Request request, HttpContext context, TenantContext tenantContext, RevocationList revocations, CancellationToken ct)
    {
        var issuer = request.Issuer ?? context.Features.Get<AccessToken>()!.Issuer.Registration.Issuer;
        if (request.SessionId is { } session)
        {
            await revocations.AddAsync(issuer, RevocationKind.Session, session, tenantContext.Id, ct);
        }

        if (request.Subject is { } subject)
        {
            await revocations.AddAsync(issuer, RevocationKind.Subject, subject, tenantContext.Id, ct);
        }

        return TypedResults.NoContent();
    }

    /// <param name="Subject">Whose tokens, issued until now.</param>
    /// <param name="SessionId">Of which sign-in (<c>sid</c>). One of the two is needed; with both, both are refused.</param>
    /// <param name="Issuer">Whose tokens; the caller's own if it is left out.</param>
    public sealed record Request(
        [Text(RevokedTokens.MaximumValueLength)] string? Subject,
        [Text(RevokedTokens.MaximumValueLength)] string? SessionId,
        [Text(Issuers.RegisteredIssuer.MaximumIssuerLength)] string? Issuer) : IValidatableObject
    {
        public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        {
            if (Subject is null && SessionId is null)
            {
                yield return new ValidationResult("subject or session_id is required", [nameof(Subject)]);
            }
        }
    }
}
