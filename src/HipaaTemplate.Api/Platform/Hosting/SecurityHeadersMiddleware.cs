namespace HipaaTemplate.Platform.Hosting;

/// <summary>
/// Headers for answers that hold patients' data: kept by no cache, shown in no frame, run as no
/// script (OWASP REST Security Cheat Sheet). The documentation pages set a policy of their own.
/// </summary>
internal sealed class SecurityHeadersMiddleware(RequestDelegate next)
{
    private const string HalfAYear = "max-age=15768000; includeSubDomains";

    public Task InvokeAsync(HttpContext context)
    {
        // On starting, because the exception handler clears what was set before.
        context.Response.OnStarting(SetHeaders, context);
        return next(context);
    }

    private static Task SetHeaders(object state)
    {
        var context = (HttpContext)state;
        var headers = context.Response.Headers;
        headers[RequestIdMiddleware.HeaderName] = context.TraceIdentifier;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        if (headers.ContentSecurityPolicy.Count == 0)
        {
            headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        }

        if (headers.CacheControl.Count == 0)
        {
            headers.CacheControl = "no-store";
        }

        if (context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = HalfAYear;
        }

        return Task.CompletedTask;
    }
}
