using System.Text.Json;

namespace HipaaTemplate.Tests.Platform.Protection.Vectors;

/// <summary>Test data that others published, read from beside the repository.</summary>
internal static class PublishedVectors
{
    /// <returns>The file; where there is none the test ends here and says what it did not do.</returns>
    public static string PathOf(string set, string file, int cases) => Path.Combine(VectorFolder.Of(set, cases), file);

    /// <summary>Every test of a Wycheproof file, with the group it is in.</summary>
    public static IEnumerable<(JsonElement Group, JsonElement Test)> Wycheproof(string file, int cases)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(PathOf("wycheproof", file, cases)));
        foreach (var group in document.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                yield return (group.Clone(), test.Clone());
            }
        }
    }

    public static byte[] Hex(this JsonElement test, string name) => Convert.FromHexString(test.GetProperty(name).GetString()!);

    public static bool IsValid(this JsonElement test) => test.GetProperty("result").GetString() == "valid";

    /// <summary>Every case of a NIST CAVP file: names and values, and FAIL as a name of its own.</summary>
    public static IEnumerable<IReadOnlyDictionary<string, string>> Cavp(string file, int cases)
    {
        Dictionary<string, string> current = [];
        foreach (var line in File.ReadLines(PathOf("nist-cavp", file, cases)).Select(line => line.Trim()))
        {
            if (line.StartsWith("Count =", StringComparison.Ordinal) && current.Count > 0)
            {
                yield return current;
                current = [];
            }

            if (line == "FAIL")
            {
                current["FAIL"] = "";
            }
            else if (line.Length > 0 && line[0] is not ('#' or '[') && line.Split('=', 2) is [var name, var value])
            {
                current[name.Trim()] = value.Trim();
            }
        }

        if (current.Count > 0)
        {
            yield return current;
        }
    }

    public static void Passed(string what, int count) => TestContext.Progress.WriteLine($"{what}: {count} cases passed");
}
