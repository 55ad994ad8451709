using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.Patients;

internal static class GetPatient
{
    // Compiled: this is the hottest query, and building its plan costs more than running it.
    private static readonly CompiledQuery<Func<AppDbContext, Guid, CancellationToken, Task<Patient?>>> Find =
        new(() => EF.CompileAsyncQuery((AppDbContext db, Guid id, CancellationToken ct) =>
            db.Set<Patient>().AsNoTracking().SingleOrDefault(p => p.Id == id)));

    public static async Task<Results<Ok<PatientResponse>, ProblemResult>> Handle(
        Guid id, AppDbContext db, HttpResponse response, CancellationToken ct)
    {
        if (await Find.For(db)(db, id, ct) is not { } patient)
        {
            return PatientErrors.NotFound.ToResult();
        }

        response.SetEntityTag(patient.Version);
        return TypedResults.Ok(PatientResponse.From(patient));
    }
}
