using System.ComponentModel.DataAnnotations;

namespace HipaaTemplate.Platform.Http;

/// <summary>
/// A text that people typed: not blank, at most <paramref name="maximum"/> UTF-16 units, without
/// control characters (PostgreSQL cannot store NUL, and the others hide in terminals and logs).
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
internal sealed class TextAttribute(int maximum) : ValidationAttribute
{
    public int Maximum => maximum;

    public bool Required { get; init; }

    /// <summary>Line breaks and tabs are allowed.</summary>
    public bool Multiline { get; init; }

    protected override ValidationResult? IsValid(object? value, ValidationContext context)
    {
        var problem = value switch
        {
            null => Required ? "is required" : null,
            string text when string.IsNullOrWhiteSpace(text) => "must not be blank",
            string text when text.Length > maximum => $"must have at most {maximum} characters",
            string text when text.Any(IsForbidden) => "must not contain control characters",
            _ => null,
        };
        return problem is null ? ValidationResult.Success : new ValidationResult(problem);
    }

    private bool IsForbidden(char c) =>
        char.IsControl(c) && !(Multiline && c is ('\n' or '\r' or '\t'));
}
