using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>Events of those who were not let in, stored before they are told.</summary>
internal sealed class Refusals(AuditTrail trail, PlatformKey platformKey, TenantContext tenant)
{
    /// <param name="context">Whose response is this error and nothing else.</param>
    /// <param name="error">About to be answered.</param>
    /// <returns>What is to be answered: another error where the event cannot be stored.</returns>
    public static async ValueTask<Error> RecordAsync(HttpContext context, Error error)
    {
        context.RequestServices.GetRequiredService<AccessRecord>().Withhold();
        if (!IsRefusal(context, error))
        {
            return error;
        }

        try
        {
            await context.RequestServices.GetRequiredService<Refusals>().WriteAsync(context, error);
            return error;
        }
        catch (PhiException e)
        {
            return e.Error;
        }
        catch (Exception e) when (e is AuditUnavailableException || UnhandledExceptions.FindDatabaseFault(e) is not null)
        {
            return AuditErrors.Unavailable;
        }
    }

    /// <summary>
    /// Nobody is refused who sent no token, or went to a place that is not there. That a record does not exist,
    /// or no more, or is another one's already, says something about patients.
    /// </summary>
    private static bool IsRefusal(HttpContext context, Error error) => error.Status switch
    {
        StatusCodes.Status401Unauthorized => error != AuthenticationErrors.NoToken,
        StatusCodes.Status403Forbidden => true,
        StatusCodes.Status404NotFound or StatusCodes.Status409Conflict or StatusCodes.Status410Gone =>
            context.MatchedEndpoint() is not null && context.RequestServices.GetRequiredService<TenantContext>().IsEntered,
        _ => false,
    };

    private async Task WriteAsync(HttpContext context, Error error)
    {
        var ct = context.RequestAborted;
        var action = error == AuthenticationErrors.TokenRefused ? AuditAction.RefuseSignIn : AuditAction.RefuseAccess;
        if (!tenant.IsEntered)
        {
            await trail.WriteAsync(platformKey.Draft(
                new AuditFacts(action, AuditOutcome.Refused, AuditActors.Unknown(context)) { Code = error.Code }), ct);
            return;
        }

        var actor = await context.RequestServices.GetRequiredService<AuditActors>().FindAsync(context, ct);
        var keys = context.RequestServices.GetRequiredService<AppDbContext>().Keys!;
        var material = await keys.ActiveAsync(DataClass.General, ct);
        await trail.WriteAsync(AuditDraft.OfTenant(
            new AuditFacts(action, AuditOutcome.Refused, actor) { Code = error.Code }, tenant.Id, material), ct);
    }
}
