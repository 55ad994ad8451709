using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace HipaaTemplate.Platform.Hosting;

/// <summary>
/// Answers what routing could not match (404, 405, 415, JSON that is not UTF-8) before anything is spent on a token.
/// Without it the deny-by-default policy would turn each of them into 401.
/// </summary>
internal sealed class UnmatchedRequestsMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        switch (context.GetEndpoint())
        {
            case RouteEndpoint endpoint when TakesBody(endpoint) && !IsUtf8(context.Request):
                // RFC 8259 §8.1. The framework would transcode some and throw for the rest, and for
                // "utf-8" in quotes.
                context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
                return Task.CompletedTask;
            case RouteEndpoint:
                return next(context);
            case { RequestDelegate: { } refuse }:
                // Routing's own endpoint for a wrong method or media type; it is not one of ours.
                return refuse(context);
            default:
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
        }
    }

    private static bool TakesBody(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAcceptsMetadata>() is not null;

    private static bool IsUtf8(HttpRequest request) =>
        !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        || !type.Charset.HasValue
        || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase);
}
