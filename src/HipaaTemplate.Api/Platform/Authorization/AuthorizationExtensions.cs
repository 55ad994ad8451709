using Microsoft.AspNetCore.Authorization;

namespace HipaaTemplate.Platform.Authorization;

internal static class AuthorizationExtensions
{
    public static void AddPolicies(this WebApplicationBuilder builder)
    {
        var authorization = builder.Services.AddAuthorizationBuilder();

        // Deny by default: an endpoint without a policy of its own is for nobody.
        authorization.SetFallbackPolicy(
            new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(_ => false).Build());
        foreach (var (policy, roles) in Policies.RolesOf)
        {
            authorization.AddPolicy(policy, p => p.RequireAuthenticatedUser().RequireRole(roles));
        }
    }
}
