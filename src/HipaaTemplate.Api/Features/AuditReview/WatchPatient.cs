using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Authentication.Users;
using HipaaTemplate.Platform.Database;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.AuditReview;

/// <summary>Whether there is such a patient is neither asked nor told: the list may be made before the patient is.</summary>
internal static class WatchPatient
{
    public sealed record Request(Guid PatientId);

    public static async Task<Created<WatchedPatientResponse>> Handle(
        Request request,
        AppDbContext db,
        AccessRecord access,
        CurrentUser users,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct)
    {
        var reviewer = await users.FindOrLinkAsync(http.Features.Get<AccessToken>()!, ct);
        var patient = new WatchedPatient { Id = request.PatientId, AddedBy = reviewer, AddedAt = time.GetUtcNow() };
        db.Add(patient);
        access.Announce(AuditAction.WatchPatient, $"{patient.Id}");
        if (!await db.TrySaveUniqueAsync(ct))
        {
            patient = await db.Set<WatchedPatient>().AsNoTracking().SingleOrDefaultAsync(row => row.Id == request.PatientId, ct) ?? patient;
        }

        return TypedResults.Created($"/api/v1/audit/watched-patients/{patient.Id}", WatchedPatientResponse.From(patient));
    }
}
