using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Features.Patients;

internal static class PatientErrors
{
    public static readonly Error NotFound = new(
        "PAT_001", StatusCodes.Status404NotFound,
        "Patient not found.",
        "Check the id; a patient of another tenant is not found either.");

    public static readonly Error MrnTaken = new(
        "PAT_002", StatusCodes.Status409Conflict,
        "Another patient of this tenant has this medical record number.",
        "Look the patient up, or correct mrn.");
}
