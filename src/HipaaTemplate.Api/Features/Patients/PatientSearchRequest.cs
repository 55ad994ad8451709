using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Http;

namespace HipaaTemplate.Features.Patients;

/// <summary>Who is looked for, in one of four ways: by mrn, by phone, by email, or by family_name and birth_date.</summary>
/// <remarks>A body, because what stands in a URL stands in logs and histories too. Public: see <see cref="PatientRequest"/>.</remarks>
public sealed record PatientSearchRequest(
    [property: Text(PatientRequest.MaximumMrn)] string? Mrn = null,
    [property: Text(PatientRequest.MaximumPhone)] string? Phone = null,
    [property: Text(PatientRequest.MaximumEmail)] string? Email = null,
    [property: Text(PatientRequest.MaximumName)] string? FamilyName = null,
    DateOnly? BirthDate = null) : IValidatableObject
{
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var ways = new[] { Mrn is not null, Phone is not null, Email is not null, FamilyName is not null || BirthDate is not null };
        if (ways.Count(given => given) != 1)
        {
            yield return new ValidationResult(
                "exactly one of mrn, phone, email, or family_name with birth_date", [nameof(Mrn)]);
        }
        else if (FamilyName is null != BirthDate is null)
        {
            yield return new ValidationResult(
                "family_name and birth_date go together", [FamilyName is null ? nameof(FamilyName) : nameof(BirthDate)]);
        }
    }
}
