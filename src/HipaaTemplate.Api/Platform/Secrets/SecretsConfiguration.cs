using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration.CommandLine;

namespace HipaaTemplate.Platform.Secrets;

/// <summary>
/// What the secret service gave, as a source of configuration. Only settings get in: whoever writes into the
/// service has no say in what the framework is configured with, nor in which service is asked.
/// </summary>
internal sealed class SecretsConfiguration : ConfigurationProvider, IConfigurationSource
{
    private HashSet<string> allowed = [];

    /// <summary>Names that the service had at the start and that are no settings.</summary>
    public List<string> UnknownAtStart { get; private set; } = [];

    /// <summary>Above the environment, below the command line: what an operator types holds for one run.</summary>
    public void InsertInto(IConfigurationBuilder configuration)
    {
        var commandLine = configuration.Sources.ToList().FindLastIndex(source => source is CommandLineConfigurationSource);
        configuration.Sources.Insert(commandLine < 0 ? configuration.Sources.Count : commandLine, this);
    }

    public void Allow(IEnumerable<SettingsClass> classes) => allowed = classes
        .Where(c => c.Type != typeof(SecretsSettings))
        .SelectMany(c => SettingsBinder.SettingsOf(c.Type))
        .Select(s => s.Setting.Name)
        .ToHashSet(StringComparer.Ordinal);

    public void Start(IReadOnlyDictionary<string, string> loaded)
    {
        (var settings, UnknownAtStart) = Sort(loaded);
        Replace(settings);
    }

    /// <summary>Of all that the service has: what is a setting and says something, and the names of the rest.</summary>
    public (Dictionary<string, string?> Settings, List<string> Unknown) Sort(IReadOnlyDictionary<string, string> loaded) => (
        loaded.Where(pair => allowed.Contains(pair.Key) && !string.IsNullOrWhiteSpace(pair.Value))
            .ToDictionary(pair => pair.Key, string? (pair) => pair.Value, StringComparer.OrdinalIgnoreCase),
        [.. loaded.Keys.Where(name => !allowed.Contains(name)).Order(StringComparer.Ordinal)]);

    /// <summary>All settings as they would be with these from the service.</summary>
    public IConfiguration With(IReadOnlyDictionary<string, string?> settings, IConfigurationRoot root)
    {
        var providers = root.Providers.Reverse().ToList();
        return new ConfigurationBuilder()
            .AddInMemoryCollection(allowed.Select(name => KeyValuePair.Create(name, ValueOf(name))))
            .Build();

        string? ValueOf(string name)
        {
            string? value = null;
            _ = providers.Find(provider => provider == this
                ? settings.TryGetValue(name, out value)
                : provider.TryGet(name, out value));
            return value;
        }
    }

    /// <summary>Takes these settings, all at once, and tells the options that are bound to them.</summary>
    /// <returns>The names whose values are others now.</returns>
    public List<string> Replace(Dictionary<string, string?> settings)
    {
        var before = Data;
        Data = settings;
        List<string> changed =
        [
            .. before.Keys.Union(settings.Keys, StringComparer.OrdinalIgnoreCase)
                .Where(name => !string.Equals(
                    before.TryGetValue(name, out var old) ? old : null,
                    settings.GetValueOrDefault(name),
                    StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        if (changed.Count > 0)
        {
            OnReload();
        }

        return changed;
    }

    // ConfigurationManager builds its providers anew when a source is added; what was loaded stays.
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}

/// <summary>The service that SECRETS_PROVIDER names; none of them is null.</summary>
internal sealed record ChosenSource(ISecretSource? Service);
