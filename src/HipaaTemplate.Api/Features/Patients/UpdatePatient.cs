using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.Patients;

internal static class UpdatePatient
{
    public static async Task<Results<Ok<PatientResponse>, ProblemResult>> Handle(
        Guid id,
        PatientRequest request,
        AppDbContext db,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct)
    {
        if (await db.Patients.SingleOrDefaultAsync(p => p.Id == id, ct) is not { } patient)
        {
            return PatientErrors.NotFound.ToResult();
        }

        if (http.Request.RequireMatch(patient.Version) is { } mismatch)
        {
            return mismatch.ToResult();
        }

        patient.Update(request, time.GetUtcNow());
        try
        {
            if (!await db.TrySaveUniqueAsync(ct))
            {
                return PatientErrors.MrnTaken.ToResult();
            }
        }
        catch (DbUpdateConcurrencyException)
        {
            return RequestErrors.PreconditionFailed.ToResult();
        }

        http.Response.SetEntityTag(patient.Version);
        return TypedResults.Ok(PatientResponse.From(patient));
    }
}
