using System.ComponentModel.DataAnnotations;

namespace HipaaTemplate.Platform.Http;

/// <summary>A text of a query that has to be one of an enum's words, in snake_case.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class WordAttribute<T> : ValidationAttribute
    where T : struct, Enum
{
    private static readonly HashSet<string> Words = [.. Enum.GetNames<T>().Select(EnumWordConverterFactory.WordOf)];

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) =>
        value is null || (value is string text && Words.Contains(text))
            ? ValidationResult.Success
            : new ValidationResult($"must be one of {string.Join(", ", Words)}");
}
