using HipaaTemplate.Platform.Authentication.Tokens;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Authorization;

/// <summary>A policy wants to be asked whether its sign-in has to be stronger or more recent.</summary>
internal sealed record StepUpRequirement(string Policy) : IAuthorizationRequirement;

/// <summary>Which sign-in is enough for which policy, by <see cref="StepUpSettings"/>.</summary>
internal sealed class StepUpRules(IOptions<StepUpSettings> settings, TimeProvider time)
{
    private readonly Dictionary<string, int?> longestAge = settings.Value.Policies
        .Select(text => (IsKnown: StepUpSettings.TryParse(text, out var policy, out var seconds), policy, seconds))
        .ToDictionary(rule => rule.policy, rule => rule.seconds);

    /// <summary>What a client is told to ask its identity provider for (RFC 9470 §3).</summary>
    /// <param name="policy">That was not met.</param>
    /// <param name="token">By whose scheme the client speaks.</param>
    public string Challenge(string policy, AccessToken? token)
    {
        var scheme = token?.ProofKeyThumbprint is null ? "Bearer" : "DPoP";
        var challenge = $"{scheme} error=\"insufficient_user_authentication\"";
        if (settings.Value.ContextClasses is { Length: > 0 } values)
        {
            challenge += $", acr_values=\"{string.Join(' ', values)}\"";
        }

        return longestAge.GetValueOrDefault(policy) is { } seconds ? $"{challenge}, max_age=\"{seconds}\"" : challenge;
    }

    public bool IsEnough(string policy, AccessToken? token)
    {
        if (!longestAge.TryGetValue(policy, out var seconds))
        {
            return true;
        }

        // A token that does not say when the user signed in may come from a sign-in of any age.
        return token is not null && HasSeveralFactors(token)
            && (seconds is null
                || (token.Times.SignedInAt is { } signedIn
                    && time.GetUtcNow().ToUnixTimeSeconds() - signedIn <= seconds + TokenTimes.Skew));
    }

    public bool HasSeveralFactors(AccessToken token) =>
        token.ContextClasses.Intersect(settings.Value.ContextClasses).Any() || token.Methods.Intersect(settings.Value.Methods).Any();
}

internal sealed class StepUpHandler(StepUpRules rules) : AuthorizationHandler<StepUpRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, StepUpRequirement requirement)
    {
        if (rules.IsEnough(requirement.Policy, (context.Resource as HttpContext)?.Features.Get<AccessToken>()))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
