namespace HipaaTemplate.Platform.Settings;

/// <summary>
/// Binds an options property to a flat environment name. docs/CONFIGURATION.md is generated from it.
/// </summary>
/// <param name="name">The environment name, such as <c>DATABASE_URL</c>.</param>
/// <param name="meaning">What it does, with units and accepted values.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string name, string meaning) : Attribute
{
    public string Name => name;

    public string Meaning => meaning;

    /// <summary>The start is refused without it.</summary>
    public bool Required { get; init; }

    /// <summary>What docs show as the default where the property's initial value does not say it.</summary>
    public string? DefaultText { get; init; }
}

/// <summary>Options whose values depend on each other say here what is impossible.</summary>
internal interface IHasProblems
{
    /// <summary>One sentence for each problem, beginning with the setting's name, without its value.</summary>
    IEnumerable<string> Problems();
}
