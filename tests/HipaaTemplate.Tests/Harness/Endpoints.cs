using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
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
           // As the API's description writes it: no constraints, no slash at the end.
           select new Route(method, PathOf(endpoint.RoutePattern, name => $"{{{name}}}"), endpoint),
    ];

    /// <summary>The route's path with a value for each parameter.</summary>
    public static string PathOf(RoutePattern pattern, Func<string, string> value) => "/" + string.Join(
        '/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternParameterPart parameter => value(parameter.Name),
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            _ => throw new NotSupportedException(pattern.RawText),
        }))));
}
