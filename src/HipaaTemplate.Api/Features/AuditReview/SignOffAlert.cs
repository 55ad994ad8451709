using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Authentication.Users;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.AuditReview;

internal static class SignOffAlert
{
    public sealed record Request(AlertConclusion Conclusion);

    public static async Task<Results<Ok<AlertResponse>, ProblemResult>> Handle(
        Guid id,
        Request request,
        AppDbContext db,
        AccessRecord access,
        CurrentUser users,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct)
    {
        if (await db.Set<AuditAlert>().SingleOrDefaultAsync(alert => alert.Id == id, ct) is not { } alert)
        {
            return AuditReviewErrors.AlertNotFound.ToResult();
        }

        var reviewer = await users.FindOrLinkAsync(http.Features.Get<AccessToken>()!, ct);
        if (alert.Subject == reviewer.ToString())
        {
            return AuditReviewErrors.AboutOneself.ToResult();
        }

        // An alert grows until it is signed off: what is signed off is what was read.
        if (http.Request.RequireMatch(alert.Version) is { } mismatch)
        {
            return mismatch.ToResult();
        }

        if (alert.SignedOffAt is not null)
        {
            return AuditReviewErrors.SignedOffAlready.ToResult();
        }

        alert.SignOff(reviewer, request.Conclusion, time.GetUtcNow());
        access.Announce(AuditAction.SignOffAlert, $"{alert.Id} {request.Conclusion.Word()}");
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            return RequestErrors.PreconditionFailed.ToResult();
        }

        http.Response.SetEntityTag(alert.Version);
        return TypedResults.Ok(AlertResponse.From(alert));
    }
}
