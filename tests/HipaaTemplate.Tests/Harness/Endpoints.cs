using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>One line of the endpoint table.</summary>
internal sealed record Route(string Method, string Path, RouteEndpoint Endpoint)
{
    public override string ToString() => $"{Method} {Path}";
}

internal static class Endpoints
{
    /// <summary>Everything that routing can reach, a line for each method.</summary>
    public static IReadOnlyList<Route> Of(ApiHost api) =>
    [
        .. from endpoint in api.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["ANY"]
           select new Route(method, PathOf(endpoint), endpoint),
    ];

    /// <summary>As the API's description writes it: no constraints, no slash at the end.</summary>
    private static string PathOf(RouteEndpoint endpoint)
    {
        var segments = endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(
            segment.Parts.Select(part => part switch
            {
                Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
                Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
                _ => "?",
            })));
        return $"/{string.Join('/', segments)}";
    }
}
