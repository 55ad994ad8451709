namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// The backstop of <see cref="AuditGate"/>, for whoever writes the response without a result: its headers wait
/// for the event, and so does all that follows them. Where there is none, the connection is closed.
/// </summary>
internal sealed class AuditMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context, AccessRecord access, AuditActors actors)
    {
        access.FindActorAsync = ct => actors.FindAsync(context, ct);
        context.Response.OnStarting(() => access.CommitAsync(always: false, context.RequestAborted));
        return next(context);
    }
}
