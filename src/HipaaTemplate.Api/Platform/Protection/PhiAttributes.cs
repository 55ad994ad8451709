namespace HipaaTemplate.Platform.Protection;

/// <summary>Number of an entity's table. It is sealed into every value: never change it, never give it to another table.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PhiTableAttribute(int number) : Attribute
{
    public int Number => number;

    /// <summary>Which of the tenant's keys its values are under.</summary>
    public Providers.DataClass Class { get; init; } = Providers.DataClass.General;
}

/// <summary>Number of a column in its table. It is sealed into every value: never change it, never give it to another column.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PhiColumnAttribute(int number) : Attribute
{
    public int Number => number;

    /// <summary>
    /// Bytes to a multiple of which values are padded, so that the length of the ciphertext does not tell
    /// which one it is. 32 for a value out of a few, such as a sex or a code.
    /// </summary>
    public int Bucket { get; init; } = 1;

    /// <summary>How the value is written before a <see cref="Search.BlindIndexAttribute"/> hashes it.</summary>
    public Search.Normaliser Normaliser { get; init; } = Search.Normaliser.None;
}

/// <summary>
/// The family name of whom the row is about, for the alert on users who open the data of their namesakes
/// (AUDIT_ALERT_SAME_FAMILY_NAME). On one <c>Phi&lt;string&gt;</c> of an entity.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FamilyNameAttribute : Attribute;

/// <summary>
/// On a text, date, enum or blob of a <see cref="PhiEntity"/>: stored as it is, and why it may be. On a tenant's
/// entity that is none: why no patient's data is in it.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class)]
internal sealed class NotPhiAttribute(string why) : Attribute
{
    public string Why => why;
}
