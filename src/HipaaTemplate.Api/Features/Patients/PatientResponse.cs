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
        patient.GivenName.Reveal(),
        patient.FamilyName.Reveal(),
        patient.BirthDate.Reveal(),
        patient.Sex.Reveal(),
        patient.Mrn.Reveal(),
        patient.Email?.Reveal(),
        patient.Phone?.Reveal(),
        patient.Address?.Reveal(),
        patient.EmergencyContact?.Reveal(),
        patient.MedicalHistory?.Reveal(),
        patient.CreatedAt,
        patient.UpdatedAt);
}
