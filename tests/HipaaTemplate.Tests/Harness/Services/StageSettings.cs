using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Harness.Services;

/// <summary>Options as a deployment would have them, from names and values.</summary>
internal static class StageSettings
{
    public static IOptions<T> Of<T>(params IReadOnlyDictionary<string, string>?[] settings)
        where T : class, new()
    {
        // What comes later wins.
        Dictionary<string, string?> merged = [];
        foreach (var (name, value) in settings.OfType<IReadOnlyDictionary<string, string>>().SelectMany(some => some))
        {
            merged[name] = value;
        }

        var options = new T();
        Assert.That(SettingsBinder.Bind(options, new ConfigurationBuilder().AddInMemoryCollection(merged).Build()), Is.Empty);
        return Options.Create(options);
    }
}
