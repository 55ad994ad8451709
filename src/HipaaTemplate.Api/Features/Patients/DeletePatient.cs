using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.Patients;

internal static class DeletePatient
{
    public static async Task<Results<NoContent, ProblemResult>> Handle(
        Guid id, AppDbContext db, TimeProvider time, HttpRequest request, CancellationToken ct)
    {
        if (await db.Patients.SingleOrDefaultAsync(p => p.Id == id, ct) is not { } patient)
        {
            return PatientErrors.NotFound.ToResult();
        }

        if (request.RequireMatch(patient.Version) is { } mismatch)
        {
            return mismatch.ToResult();
        }

        patient.Delete(time.GetUtcNow());
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateConcurrencyException)
        {
            return RequestErrors.PreconditionFailed.ToResult();
        }

        return TypedResults.NoContent();
    }
}
