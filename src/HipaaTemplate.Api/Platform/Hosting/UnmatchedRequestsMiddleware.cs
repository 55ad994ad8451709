namespace HipaaTemplate.Platform.Hosting;

/// <summary>
/// Answers what routing could not match (404, 405, 415) before anything is spent on a token.
/// Without it the deny-by-default policy would turn each of them into 401.
/// </summary>
internal sealed class UnmatchedRequestsMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        switch (context.GetEndpoint())
        {
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
}
