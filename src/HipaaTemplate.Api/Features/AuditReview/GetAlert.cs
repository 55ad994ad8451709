using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.AuditReview;

internal static class GetAlert
{
    public static async Task<Results<Ok<AlertResponse>, ProblemResult>> Handle(
        Guid id, AppDbContext db, HttpResponse response, CancellationToken ct)
    {
        if (await db.Set<AuditAlert>().AsNoTracking().SingleOrDefaultAsync(alert => alert.Id == id, ct) is not { } alert)
        {
            return AuditReviewErrors.AlertNotFound.ToResult();
        }

        response.SetEntityTag(alert.Version);
        return TypedResults.Ok(AlertResponse.From(alert));
    }
}
