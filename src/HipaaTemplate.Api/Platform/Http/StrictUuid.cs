using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;

namespace HipaaTemplate.Platform.Http;

/// <summary>A UUID in its canonical form, 36 characters with hyphens, and not the nil one.</summary>
internal static class StrictUuid
{
    public static bool TryParse([NotNullWhen(true)] string? text, out Guid id) =>
        // The framework's "D" also takes spaces around it, and + or 0x in place of digits.
        Guid.TryParseExact(text, "D", out id) && id != Guid.Empty
        && string.Equals(text, id.ToString("D"), StringComparison.OrdinalIgnoreCase);
}

/// <summary>A text of a query that has to be a UUID.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class UuidAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null || StrictUuid.TryParse(value as string, out _)
            ? ValidationResult.Success
            : new ValidationResult("must be a UUID of 36 characters");
}
