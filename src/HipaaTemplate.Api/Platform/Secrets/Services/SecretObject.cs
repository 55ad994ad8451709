using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Platform.Secrets.Services;

/// <summary>A secret that holds settings: an object of strings, and nothing that would have to be guessed at.</summary>
internal static class SecretObject
{
    /// <exception cref="SecretSourceException">It is something else.</exception>
    public static IReadOnlyDictionary<string, string> Read(JsonElement secret)
    {
        if (secret.ValueKind != JsonValueKind.Object)
        {
            throw new SecretSourceException("the secret is no object of settings");
        }

        Dictionary<string, string> settings = [];
        foreach (var member in secret.EnumerateObject())
        {
            if (!member.Value.TryGetString(out var value))
            {
                throw new SecretSourceException("a value of the secret is no string");
            }

            settings.Add(member.Name, value);
        }

        return settings;
    }
}
