using Microsoft.AspNetCore.Diagnostics;

namespace HipaaTemplate.Platform.Hosting;

/// <summary>What log lines and events call a request: never the path or the query that were asked for.</summary>
internal static class RequestRoute
{
    /// <summary>The exception handler takes the endpoint off the request and remembers it.</summary>
    public static Endpoint? MatchedEndpoint(this HttpContext context) =>
        context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;

    public static string RouteTemplate(this HttpContext context) =>
        (context.MatchedEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "unmatched";

    /// <summary>A method is any token the caller likes; only known ones are worth a line's space.</summary>
    public static string KnownMethod(this HttpContext context) =>
        context.Request.Method is "GET" or "POST" or "PUT" or "DELETE" or "HEAD" or "OPTIONS" or "PATCH" ? context.Request.Method : "OTHER";
}
