using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.OpenApi;
using HipaaTemplate.Platform.Protection.Erasure;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Features.Patients;

/// <summary>The reference feature: copy this folder to begin another one.</summary>
internal sealed class PatientsFeature : IFeature
{
    public IEnumerable<Error> Errors => Error.AllIn(typeof(PatientErrors));

    public IJsonTypeInfoResolver Json => PatientsJson.Default;

    public void AddServices(IServiceCollection services) => services.AddSingleton<ISubjectErasure, PatientErasure>();

    public void MapEntities(ModelBuilder model) => model.Entity<Patient>(Patient.Map);

    public void MapEndpoints(IEndpointRouteBuilder api)
    {
        var patients = api.MapGroup("/patients").WithTags("Patients");
        patients.MapPost("/", CreatePatient.Handle)
            .WithSummary("Register a patient")
            .RequireAuthorization(Policies.WriteRecords)
            .Fails(PatientErrors.MrnTaken);
        patients.MapGet("/", ListPatients.Handle)
            .WithSummary("List patients, newest first")
            .Produces<ListPatients.Response>()
            .RequireAuthorization(Policies.ReadRecords)
            .Fails(RequestErrors.Invalid, RequestErrors.InvalidCursor);
        patients.MapPost("/search", SearchPatients.Handle)
            .WithSummary("Find patients by number, phone, e-mail, or name and date of birth")
            .Produces<ListPatients.Response>()
            .RequireAuthorization(Policies.ReadRecords)
            .AuditedAs(AuditAction.SearchRecords)
            .Fails(RequestErrors.InvalidCursor);
        patients.MapGet("/{id:guid}", GetPatient.Handle)
            .WithSummary("Read one patient")
            .Produces<PatientResponse>()
            .RequireAuthorization(Policies.ReadRecords)
            .Fails(PatientErrors.NotFound);
        patients.MapPut("/{id:guid}", UpdatePatient.Handle)
            .WithSummary("Replace a patient's data; wants If-Match")
            .Produces<PatientResponse>()
            .RequireAuthorization(Policies.WriteRecords)
            .Fails(PatientErrors.NotFound, PatientErrors.MrnTaken,
                RequestErrors.PreconditionRequired, RequestErrors.PreconditionFailed);
        patients.MapDelete("/{id:guid}", DeletePatient.Handle)
            .WithSummary("Remove a patient from sight; wants If-Match")
            .Produces(StatusCodes.Status204NoContent)
            .RequireAuthorization(Policies.DeleteRecords)
            .Fails(PatientErrors.NotFound,
                RequestErrors.PreconditionRequired, RequestErrors.PreconditionFailed);
    }
}

[JsonSerializable(typeof(PatientRequest))]
[JsonSerializable(typeof(PatientResponse))]
[JsonSerializable(typeof(PatientSearchRequest))]
[JsonSerializable(typeof(ListPatients.Response))]
internal sealed partial class PatientsJson : JsonSerializerContext;
