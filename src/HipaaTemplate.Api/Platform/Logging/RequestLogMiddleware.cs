using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Logging;

/// <summary>
/// One line a request. It names the route's template, never the path or the query, and people by a hash of
/// the identity provider's subject, which may be an e-mail address.
/// </summary>
internal sealed partial class RequestLogMiddleware(
    RequestDelegate next, ILogger<RequestLogMiddleware> logger, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context, TenantContext tenant)
    {
        var started = time.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            RequestFinished(
                logger,
                context.KnownMethod(),
                context.RouteTemplate(),
                context.Response.StatusCode,
                time.GetElapsedTime(started).TotalMilliseconds,
                context.TraceIdentifier,
                context.Features.Get<AccessToken>()?.UserHash,
                tenant.IsEntered ? tenant.Id.Value : null);
        }
    }

    [LoggerMessage(1001, LogLevel.Information,
        "{method} {route} {status} {duration_ms} {request_id} {user_id} {tenant_id}")]
    private static partial void RequestFinished(
        ILogger logger,
        string method,
        string route,
        int status,
        double duration_ms,
        string request_id,
        string? user_id,
        Guid? tenant_id);
}
