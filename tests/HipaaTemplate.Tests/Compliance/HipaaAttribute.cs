namespace HipaaTemplate.Tests.Compliance;

/// <summary>
/// Marks tests that would be red if this safeguard failed; others are no evidence. It is NUnit's property <c>Hipaa</c>, so that
/// <c>dotnet test --filter "Hipaa=164.312(b)"</c> runs them.
/// </summary>
/// <param name="citation">One of <see cref="Citations"/>.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
internal sealed class HipaaAttribute(string citation) : PropertyAttribute(Name, citation)
{
    public const string Name = "Hipaa";

    public string Citation { get; } = citation;
}
