namespace HipaaTemplate.Platform.Protection.Search;

/// <summary>
/// Lets rows be found by a sealed column, or by several together: a keyed hash of the value beside it, cut to
/// <see cref="Bits"/> so that it tells less than the value would. Equality only. Columns with few values cannot
/// have one: whoever counts hashes would know the values (docs/explanation/encryption.md).
/// </summary>
/// <param name="number">Of the index in its table: never change it, never give it to another index.</param>
/// <param name="columns">Names of the properties.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class BlindIndexAttribute(int number, params string[] columns) : Attribute
{
    /// <summary>For values that are unique anyway: equality is all that it tells.</summary>
    public const int Whole = 128;

    public int Number => number;

    public IReadOnlyList<string> Columns => columns;

    /// <summary>128, or with X distinct values between sqrt(X) and X/2 of them as a power of two.</summary>
    public required int Bits { get; init; }

    /// <summary>How many different values a tenant may have in the long run, roughly.</summary>
    public required long DistinctValues { get; init; }

    /// <summary>No two rows of a tenant have the same value; wants all 128 bits.</summary>
    public bool IsUnique { get; init; }

    /// <summary>Condition in SQL of the rows that a unique index looks at.</summary>
    public string? Where { get; init; }
}
