using HipaaTemplate.Platform.Authorization;
using Microsoft.AspNetCore.Authorization;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>Nothing is open by accident.</summary>
[Hipaa(Citations.AccessControl)]
[Hipaa(Citations.AccessManagement)]
internal sealed class EndpointTests
{
    /// <summary>What answers without a token, and why that is right.</summary>
    private static readonly Dictionary<string, string> Anonymous = new()
    {
        ["GET /"] = "says that the service is there, nothing else",
        ["GET /health"] = "platform probes carry no token; names nothing inside",
        ["GET /healthz"] = "the same under the name that other platforms ask for",
        ["GET /api/v1/health/live"] = "the same under the API's own path",
        ["GET /api/v1/health/ready"] = "load balancers carry no token; says yes or no",
        ["GET /api/v1/errors"] = "the registry of error codes, as docs/ERROR_CODES.md",
        ["POST /api/v1/auth/backchannel-logout"] = "the identity provider has no access token; its signed logout token is checked",
        ["GET /openapi.json"] = "the description that a client needs before it can sign in",
    };

    [Test]
    public void Every_endpoint_names_a_policy_or_is_anonymous_for_a_reason()
    {
        var routes = Endpoints.Of(App.Api);
        Assert.That(routes, Is.Not.Empty);
        Assert.That(
            routes.Where(IsOpen).Select(route => $"{route}"),
            Is.EquivalentTo(Anonymous.Keys),
            "Name a policy: .RequireAuthorization(Policies.…). Or add a line with its reason to Anonymous; "
            + "a line there without an endpoint goes.");
        Assert.That(routes.Where(route => !IsOpen(route) && !HasNamedPolicy(route)), Is.Empty);
    }

    [Test]
    public void Every_policy_has_roles_and_every_role_of_a_policy_is_known() => Assert.Multiple(() =>
    {
        Assert.That(Policies.RolesOf.Values, Has.All.Not.Empty);
        Assert.That(Policies.RolesOf.Values.SelectMany(roles => roles).Distinct(), Is.SubsetOf(Roles.All));
        Assert.That(
            typeof(Policies).GetFields().Where(field => field.IsLiteral).Select(field => field.GetRawConstantValue()),
            Is.EquivalentTo(Policies.RolesOf.Keys));
    });

    private static bool IsOpen(Route route) =>
        route.Endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
        || !route.Endpoint.Metadata.OfType<IAuthorizeData>().Any();

    private static bool HasNamedPolicy(Route route) => route.Endpoint.Metadata.OfType<IAuthorizeData>()
        .All(data => data.Policy is { } policy && Policies.RolesOf.ContainsKey(policy));
}
