using HipaaTemplate.Platform.Settings;
using Microsoft.AspNetCore.Authorization;

namespace HipaaTemplate.Platform.Authorization;

internal static class AuthorizationExtensions
{
    public static void AddPolicies(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<StepUpSettings>();
        builder.Services.AddSingleton<StepUpRules>();
        builder.Services.AddSingleton<IAuthorizationHandler, StepUpHandler>();
        builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, StepUpResultHandler>();

        var authorization = builder.Services.AddAuthorizationBuilder();

        // Deny by default: an endpoint without a policy of its own is for nobody.
        authorization.SetFallbackPolicy(
            new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(_ => false).Build());
        foreach (var (policy, roles) in Policies.RolesOf)
        {
            authorization.AddPolicy(policy, p => p
                .RequireAuthenticatedUser().RequireRole(roles).AddRequirements(new StepUpRequirement(policy)));
        }
    }
}
