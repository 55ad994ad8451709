namespace HipaaTemplate.Features.Patients;

/// <summary>One patient in full.</summary>
internal sealed record PatientResponse(
    Guid Id,
    string GivenName,
    string FamilyName,
    DateOnly BirthDate,
    Sex Sex,
    string Mrn,
    string? Email,
    string? Phone,
    string? Address,
    string? EmergencyContact,
    string? MedicalHistory,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static PatientResponse From(Patient patient) => new(
        patient.Id,
        patient.GivenName,
        patient.FamilyName,
        patient.BirthDate,
        patient.Sex,
        patient.Mrn,
        patient.Email,
        patient.Phone,
        patient.Address,
        patient.EmergencyContact,
        patient.MedicalHistory,
        patient.CreatedAt,
        patient.UpdatedAt);
}
