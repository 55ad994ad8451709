using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authentication.Tokens;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// The backstop of <see cref="AuditGate"/>, for whoever writes the response without a result: its headers wait
/// for the event, and so does all that follows them. Where there is none, the connection is closed.
/// </summary>
internal sealed class AuditMiddleware(RequestDelegate next, IOptions<AlertSettings> alerts)
{
    public Task InvokeAsync(HttpContext context, AccessRecord access, AuditActors actors)
    {
        access.FindActorAsync = ct => actors.FindAsync(context, ct);
        if (alerts.Value.SameFamilyName)
        {
            access.FindFamilyName = () => context.Features.Get<AccessToken>()?.FamilyName;
        }

        context.Response.OnStarting(() => access.CommitAsync(always: false, context.RequestAborted));
        return next(context);
    }
}
