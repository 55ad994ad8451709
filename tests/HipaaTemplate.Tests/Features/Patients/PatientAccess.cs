using System.Text.Json.Nodes;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Authorization;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>Who may do what with patients, for the access matrix.</summary>
internal sealed class PatientAccess : IAccessExpectations
{
    public static readonly Collection Rows = new(
        PatientCalls.Path, text => PatientCalls.Minimal().With("family_name", text));

    private static readonly string[] Staff = [Roles.Doctor, Roles.Admin];

    public IEnumerable<AccessExpectation> Expectations =>
    [
        new("POST /api/v1/patients", 201, Staff) { Body = Rows.NewBody },
        new("GET /api/v1/patients", 200, Staff) { Rows = Rows },
        new("POST /api/v1/patients/search", 200, Staff)
        {
            Body = text => new JsonObject { ["family_name"] = text, ["birth_date"] = "1984-02-29" }, ChangesNoRow = true,
        },
        new("GET /api/v1/patients/{id}", 200, Staff) { Rows = Rows, Absent = PatientErrors.NotFound },
        new("PUT /api/v1/patients/{id}", 200, Staff)
        {
            Rows = Rows, Absent = PatientErrors.NotFound, Body = Rows.NewBody, IfMatch = "*",
        },
        new("DELETE /api/v1/patients/{id}", 204, [Roles.Admin])
        {
            Rows = Rows, Absent = PatientErrors.NotFound, IfMatch = "*",
        },
    ];
}
