namespace HipaaTemplate.Platform.Commands;

internal static class CommandOptions
{
    public const string Tenant = "--tenant";
    public const string Patient = "--patient";

    /// <summary>Pairs of a name and a value, in any order.</summary>
    /// <exception cref="UsageException">A name is unknown, comes twice or has no value.</exception>
    public static IReadOnlyDictionary<string, string> Read(IEnumerable<string> words, params string[] names)
    {
        Dictionary<string, string> options = [];
        foreach (var pair in words.Chunk(2))
        {
            if (pair is not [var name, var value] || !names.Contains(name) || !options.TryAdd(name, value))
            {
                throw new UsageException($"Options are {string.Join(", ", names)}, each once and with a value.");
            }
        }

        return options;
    }

    /// <returns>Null when none is named.</returns>
    public static Guid? PatientOf(IReadOnlyDictionary<string, string> options) =>
        options.TryGetValue(Patient, out var id) ? ParseId(id) : null;

    /// <exception cref="UsageException">It is no id.</exception>
    public static Guid ParseId(string text) => Guid.TryParseExact(text, "D", out var id)
        ? id
        : throw new UsageException("The id must be a UUID, 36 characters with hyphens.");
}
