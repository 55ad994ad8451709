using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.Patients;

internal static class CreatePatient
{
    public static async Task<Results<Created<PatientResponse>, ProblemResult>> Handle(
        PatientRequest request,
        AppDbContext db,
        TimeProvider time,
        HttpResponse response,
        CancellationToken ct)
    {
        var patient = Patient.Create(request, time.GetUtcNow());
        db.Patients.Add(patient);
        if (!await db.TrySaveUniqueAsync(ct))
        {
            return PatientErrors.MrnTaken.ToResult();
        }

        response.SetEntityTag(patient.Version);
        return TypedResults.Created($"/api/v1/patients/{patient.Id}", PatientResponse.From(patient));
    }
}
