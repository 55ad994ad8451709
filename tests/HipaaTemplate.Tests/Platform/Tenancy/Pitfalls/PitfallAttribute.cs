namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

/// <summary>
/// A way by which multi-tenancy on EF Core and PostgreSQL is known to leak. A test that carries it shows
/// the danger on a naive setup and that this product's defence stops it.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PitfallAttribute(int number, string title)
    : PropertyAttribute("Pitfall", $"{number}: {title}")
{
    public int Number { get; } = number;

    public string Title { get; } = title;
}
