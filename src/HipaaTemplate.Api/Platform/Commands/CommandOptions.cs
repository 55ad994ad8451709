namespace HipaaTemplate.Platform.Commands;

internal static class CommandOptions
{
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
}
