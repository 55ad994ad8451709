using System.Reflection;
using System.Text.Json;

namespace HipaaTemplate.Platform.Settings;

/// <summary>
/// Reads flat names into an options object. The framework's binder puts a bad value into its
/// exception's text; settings hold passwords, so this one names the setting only.
/// </summary>
internal static class SettingsBinder
{
    public static IEnumerable<(PropertyInfo Property, SettingAttribute Setting)> SettingsOf(Type options) =>
        from property in options.GetProperties()
        let setting = property.GetCustomAttribute<SettingAttribute>()
        where setting is not null
        select (property, setting);

    /// <returns>The problems found; the options are usable only when there are none.</returns>
    public static List<string> Bind(object options, IConfiguration configuration)
    {
        List<string> problems = [];
        foreach (var (property, setting) in SettingsOf(options.GetType()))
        {
            var text = configuration[setting.Name]?.Trim();
            if (string.IsNullOrEmpty(text))
            {
                if (setting.Required)
                {
                    problems.Add($"{setting.Name} is missing: {setting.Meaning}");
                }
            }
            else if (Convert(text, property.PropertyType) is { } value)
            {
                property.SetValue(options, value);
            }
            else
            {
                problems.Add($"{setting.Name} must be {Expected(property.PropertyType)}.");
            }
        }

        // What depends on a missing value would only repeat that it is missing.
        return problems.Count == 0 && options is IHasProblems more ? [.. more.Problems()] : problems;
    }

    private static object? Convert(string text, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(string) => text,
            _ when type == typeof(int) => int.TryParse(text, out var number) ? number : null,
            _ when type == typeof(bool) => text switch { "true" => true, "false" => false, _ => null },
            _ when type == typeof(Uri) => Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null,
            _ when type == typeof(string[]) => text.Split(
                ',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            { IsEnum: true } => Array.Find(Enum.GetNames(type), name => Words(name).Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name
                ? Enum.Parse(type, name)
                : null,
            _ => throw new NotSupportedException($"No setting can be of type {type.Name} yet."),
        };
    }

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type).Select(Words))}"
            : type == typeof(Uri) ? "an absolute URL"
            : type == typeof(bool) ? "true or false"
            : "a whole number";
    }

    /// <summary>AwsKms is aws-kms outside.</summary>
    private static string Words(string name) =>
        JsonNamingPolicy.KebabCaseLower.ConvertName(name);
}
