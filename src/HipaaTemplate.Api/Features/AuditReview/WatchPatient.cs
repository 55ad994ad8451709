using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Authentication.Users;
using HipaaTemplate.Platform.Database;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.AuditReview;

/// <summary>Whether there is such a patient is neither asked nor told: one may be watched before there is a record.</summary>
internal static class WatchPatient
{
    public static async Task<NoContent> Handle(
        Guid id, AppDbContext db, AccessRecord access, CurrentUser users, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (!await db.Set<WatchedPatient>().AnyAsync(patient => patient.Id == id, ct))
        {
            var reviewer = await users.FindOrLinkAsync(http.Features.Get<AccessToken>()!, ct);
            db.Add(new WatchedPatient { Id = id, AddedBy = reviewer, AddedAt = time.GetUtcNow() });
            access.Announce(AuditAction.WatchPatient, $"{id}");
            // False: somebody else has put the patient there at the same moment.
            _ = await db.TrySaveUniqueAsync(ct);
        }

        return TypedResults.NoContent();
    }
}
