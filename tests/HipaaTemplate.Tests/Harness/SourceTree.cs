namespace HipaaTemplate.Tests.Harness;

/// <summary>The files that people wrote: what a clone holds, without what builds and runs leave behind.</summary>
internal static class SourceTree
{
    private static readonly string[] LeftBehind =
        [".git", "bin", "obj", "node_modules", ".dev", "TestResults", "artifacts", ".vs", ".idea"];

    /// <summary>Paths from the root of the repository, with slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. Walk(Repository.Root).Order(StringComparer.Ordinal)];

    /// <summary>C# of the product, generated migrations aside.</summary>
    public static IReadOnlyList<string> Product { get; } = [.. CSharp.Where(
        file => file.StartsWith("src/", StringComparison.Ordinal))];

    /// <summary>C# of product and tests, generated migrations aside.</summary>
    public static IEnumerable<string> CSharp => Files.Where(file =>
        file.EndsWith(".cs", StringComparison.Ordinal)
        && !file.Contains("/Migrations/", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Repository.PathOf(file));

    private static IEnumerable<string> Walk(string folder) =>
    [
        .. Directory.EnumerateFiles(folder)
            .Where(file => Path.GetFileName(file) is not (".git" or ".env"))
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')),
        .. Directory.EnumerateDirectories(folder)
            .Where(child => !LeftBehind.Contains(Path.GetFileName(child)))
            .SelectMany(Walk),
    ];
}
