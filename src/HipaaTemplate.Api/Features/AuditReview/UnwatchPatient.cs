using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.AuditReview;

internal static class UnwatchPatient
{
    public static async Task<Results<NoContent, ProblemResult>> Handle(Guid id, AppDbContext db, AccessRecord access, CancellationToken ct)
    {
        if (await db.Set<WatchedPatient>().SingleOrDefaultAsync(patient => patient.Id == id, ct) is not { } patient)
        {
            return AuditReviewErrors.NotWatched.ToResult();
        }

        db.Remove(patient);
        access.Announce(AuditAction.UnwatchPatient, $"{id}");
        try
        {
            await db.SaveChangesAsync(ct);
            return TypedResults.NoContent();
        }
        // Somebody else was first.
        catch (DbUpdateConcurrencyException)
        {
            return AuditReviewErrors.NotWatched.ToResult();
        }
    }
}
