using System.ComponentModel.DataAnnotations;
using HipaaTemplate.Platform.Http;

namespace HipaaTemplate.Features.Patients;

/// <summary>The body of creating and of replacing a patient.</summary>
/// <remarks>
/// Public: the generator behind AddValidation() passes over internal types in silence (aspnetcore #65632).
/// </remarks>
public sealed record PatientRequest(
    [property: Text(PatientRequest.MaximumName, Required = true)] string? GivenName,
    [property: Text(PatientRequest.MaximumName, Required = true)] string? FamilyName,
    [property: BirthDate] DateOnly? BirthDate,
    [property: Text(PatientRequest.MaximumMrn, Required = true)] string? Mrn,
    Sex? Sex = null,
    [property: Text(PatientRequest.MaximumEmail), EmailAddress(ErrorMessage = "must be an e-mail address")]
    string? Email = null,
    [property: Text(PatientRequest.MaximumPhone), RegularExpression(PatientRequest.PhonePattern, ErrorMessage = "must be a phone number: digits, spaces and + - ( ) . only")]
    string? Phone = null,
    [property: Text(PatientRequest.MaximumLine, Multiline = true)] string? Address = null,
    [property: Text(PatientRequest.MaximumLine, Multiline = true)] string? EmergencyContact = null,
    [property: Text(PatientRequest.MaximumHistory, Multiline = true)] string? MedicalHistory = null)
{
    public const int MaximumName = 100;
    public const int MaximumMrn = 64;
    public const int MaximumEmail = 254; // RFC 5321 §4.5.3.1.3
    public const int MaximumPhone = 32;
    public const int MaximumLine = 500;
    public const int MaximumHistory = 20_000;
    public const string PhonePattern = @"^\+?[0-9][0-9 ().\-]*$";
}

/// <summary>A date of birth: given, not in the future and not before 1875.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BirthDateAttribute : ValidationAttribute
{
    /// <summary>Nobody born before has lived into the age of this software.</summary>
    private static readonly DateOnly Earliest = new(1875, 1, 1);

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext)
    {
        // Somewhere on earth tomorrow has begun already (UTC+14).
        var time = validationContext.GetService<TimeProvider>() ?? TimeProvider.System;
        var latest = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime.AddHours(14));
        return value switch
        {
            null => new ValidationResult("is required"),
            DateOnly date when date < Earliest || date > latest =>
                new ValidationResult("must be a date between 1875 and today"),
            _ => ValidationResult.Success,
        };
    }
}
