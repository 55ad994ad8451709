using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace HipaaTemplate.Platform.Http;

/// <summary>A moment as RFC 3339 writes it, with its offset from UTC: nobody has to guess whose clock is meant.</summary>
internal static class StrictTime
{
    private static readonly string[] Forms =
    [
        "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'",
        "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFzzz",
    ];

    public static bool TryParse([NotNullWhen(true)] string? text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}

/// <summary>A text of a query that has to be a moment.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class TimeAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null || StrictTime.TryParse(value as string, out _)
            ? ValidationResult.Success
            : new ValidationResult("must be a time such as 2026-01-15T09:00:00Z");
}
