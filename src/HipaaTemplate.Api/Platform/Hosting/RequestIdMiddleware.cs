namespace HipaaTemplate.Platform.Hosting;

/// <summary>
/// Gives every request an id that the caller, the log line and the problem body share. A caller's
/// own X-Request-Id is kept if it is well-formed; anything else could forge lines in a log. The
/// security headers' middleware sends it back.
/// </summary>
internal sealed class RequestIdMiddleware(RequestDelegate next)
{
    public const string HeaderName = "X-Request-Id";
    private const int MaximumLength = 64;

    public Task InvokeAsync(HttpContext context)
    {
        var sent = context.Request.Headers[HeaderName];
        context.TraceIdentifier = sent.Count == 1 && IsWellFormed(sent[0])
            ? sent[0]!
            : Guid.CreateVersion7().ToString("N");
        return next(context);
    }

    private static bool IsWellFormed(string? id) =>
        id is { Length: > 0 and <= MaximumLength }
        && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
