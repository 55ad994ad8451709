using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Errors;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace HipaaTemplate.Platform.Authorization;

/// <summary>
/// Answers with the challenge of RFC 9470 where nothing but the strength of the sign-in is missing. Who lacks
/// the role is told that, and not sent to sign in again in vain.
/// </summary>
internal sealed class StepUpResultHandler(StepUpRules rules) : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler standard = new();

    public Task HandleAsync(
        RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        var failed = authorizeResult.AuthorizationFailure?.FailedRequirements.ToList() ?? [];
        if (!authorizeResult.Forbidden || failed is not [StepUpRequirement stepUp])
        {
            return standard.HandleAsync(next, context, policy, authorizeResult);
        }

        context.Response.Headers.WWWAuthenticate = rules.Challenge(stepUp.Policy, context.Features.Get<AccessToken>());
        return Problem.WriteAsync(context, AuthenticationErrors.StepUpNeeded);
    }
}
