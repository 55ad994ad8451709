using System.Reflection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Metadata("RepositoryRoot");

    /// <summary>Debug or Release: which build of the API a test starts as a process.</summary>
    public static string Configuration { get; } = Metadata("Configuration");

    /// <summary>The C# compiler of the SDK that built the tests, to be run with <c>dotnet</c>.</summary>
    public static string Compiler { get; } = Metadata("Compiler");

    /// <summary>The folder with the assemblies of the analyzer that reads BannedSymbols.txt.</summary>
    public static string BannedApiAnalyzers { get; } = Metadata("BannedApiAnalyzers");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Test data that others wrote, beside the checkout; absent in a fork.</summary>
    public static string? Vectors(string set)
    {
        var folder = Path.GetFullPath(PathOf("..", "shared", "vectors", set));
        return Directory.Exists(folder) ? folder : null;
    }

    private static string Metadata(string key) => typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
