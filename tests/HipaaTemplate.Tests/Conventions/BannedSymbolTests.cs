using System.Diagnostics;
using System.Text.RegularExpressions;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>What BannedSymbols.txt bans does not compile, and few places are excused.</summary>
internal sealed partial class BannedSymbolTests
{
    private const string Rule = "RS0030";

    /// <summary>For all code, and for the product alone.</summary>
    private static readonly string[] Lists = ["BannedSymbols.txt", "src/HipaaTemplate.Api/BannedSymbols.txt"];

    /// <summary>Sections of .editorconfig in which the bans do not hold, each with its reason.</summary>
    private static readonly Dictionary<string, string> Excused = new()
    {
        ["src/HipaaTemplate.Api/Platform/Database/**.cs"] =
            "speaks to PostgreSQL below EF Core: scope, roles, migrations, health; SourceTests still reads it",
        ["src/HipaaTemplate.Api/Platform/Tenancy/TenantCache.cs"] =
            "the one cache, which puts the tenant into every key",
    };

    private static readonly string[] Symbols =
        [.. Lists.SelectMany(list => SourceTree.Read(list).Split('\n', StringSplitOptions.RemoveEmptyEntries))];

    [Test]
    public void Each_ban_says_what_to_use_instead() =>
        Assert.That(Symbols, Is.Not.Empty.And.All.Matches("^[TPMF]:[^;]+;.*(Use|Name) "));

    /// <summary>
    /// Asks the compiler: it warns of every line of BannedUses.txt that names a symbol, and of no other.
    /// A misspelt id bans nothing, and the analyzer says nothing.
    /// </summary>
    [Test]
    public async Task Each_ban_stops_a_use_of_it()
    {
        var uses = SourceTree.Read("tests/HipaaTemplate.Tests/Conventions/BannedUses.txt");
        var named = uses.Split('\n').Select((line, index) => (Line: index + 1, Symbol: NamedPattern().Match(line).Groups["symbol"].Value))
            .Where(use => use.Symbol.Length > 0).ToList();
        Assert.That(
            named.Select(use => use.Symbol), Is.EquivalentTo(Symbols.Select(symbol => symbol.Split(';')[0])),
            "Each ban has its line in BannedUses.txt.");

        var output = await CompileAsync(uses);
        Assert.That(output, Does.Not.Contain("error "));
        Assert.That(
            WarningPattern().Matches(output).Select(match => int.Parse(match.Groups["line"].Value)).Distinct(),
            Is.EquivalentTo(named.Select(use => use.Line)));
    }

    /// <summary>A list bans nothing in a project that is not given it.</summary>
    [Test]
    public void Product_and_tests_are_built_with_the_lists() => Assert.Multiple(() =>
    {
        Assert.That(
            SourceTree.Read("Directory.Build.props"),
            Does.Contain("<AdditionalFiles Include=\"$(MSBuildThisFileDirectory)BannedSymbols.txt\" />")
                .And.Contain("<TreatWarningsAsErrors>true</TreatWarningsAsErrors>"));
        Assert.That(
            SourceTree.Read("src/HipaaTemplate.Api/HipaaTemplate.Api.csproj"),
            Does.Contain("<AdditionalFiles Include=\"BannedSymbols.txt\" />"));
    });

    [Test]
    public void Only_these_places_may_use_what_is_banned()
    {
        Assert.That(
            SectionsWithoutRule(SourceTree.Read(".editorconfig")), Is.EquivalentTo(Excused.Keys),
            "Use what the ban's message names. If the place is to be excused all the same, a line here with the reason.");
        Assert.That(Excused.Values, Has.All.Not.Empty);
        Assert.That(
            Excused.Keys.Where(section => !Path.Exists(Repository.PathOf(section.Replace("/**.cs", "", StringComparison.Ordinal)))),
            Is.Empty, "A place that is gone needs no excuse.");
    }

    /// <summary>The other files that can take a rule away.</summary>
    [Test]
    public void No_other_file_takes_the_rule_away() => Assert.That(
        SourceTree.Files.Where(file =>
            (Path.GetFileName(file) is ".editorconfig" or ".globalconfig" && file != ".editorconfig")
            || (Path.GetExtension(file) is ".props" or ".targets" or ".csproj" or ".ruleset" or ".globalconfig" or ".rsp"
                && SourceTree.Read(file).Contains(Rule, StringComparison.Ordinal))),
        Is.Empty);

    [Test]
    public void A_section_that_takes_the_rule_away_is_seen()
    {
        string[] samples =
        [
            "[a.cs]\ndotnet_diagnostic.RS0030.severity = none\n",
            "[a.cs]\n# why\ndotnet_diagnostic.rs0030.severity=suggestion",
            "[a.cs]\ndotnet_analyzer_diagnostic.severity = none",
            "[a.cs]\ndotnet_analyzer_diagnostic.category-ApiDesign.severity = silent",
        ];
        Assert.That(samples.SelectMany(SectionsWithoutRule), Is.EqualTo(Enumerable.Repeat("a.cs", samples.Length)));
        Assert.That(SectionsWithoutRule("dotnet_diagnostic.RS0030.severity = none"), Is.EqualTo(new[] { "(all)" }));
        Assert.That(SectionsWithoutRule("[a.cs]\ndotnet_diagnostic.CA1000.severity = none\n"), Is.Empty);
    }

    private static IEnumerable<string> SectionsWithoutRule(string editorConfig)
    {
        var section = "(all)";
        foreach (var line in editorConfig.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith('['))
            {
                section = line.Trim('[', ']');
            }
            else if (SwitchPattern().IsMatch(line))
            {
                yield return section;
            }
        }
    }

    /// <summary>The compiler's output for this text, with the analyzer and both lists.</summary>
    private static async Task<string> CompileAsync(string source)
    {
        var folder = Directory.CreateTempSubdirectory("hipaa-bans-");
        try
        {
            var file = Path.Combine(folder.FullName, "BannedUses.cs");
            await File.WriteAllTextAsync(file, source);
            var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
            var analyzers = Directory.GetFiles(Repository.BannedApiAnalyzers, "*.dll");
            var options = Path.Combine(folder.FullName, "compile.rsp");
            await File.WriteAllLinesAsync(options,
            [
                "/nologo", "/nostdlib", "/preferreduilang:en", "/target:library", "/langversion:14", $"/out:\"{Path.Combine(folder.FullName, "uses.dll")}\"",
                .. references.Select(reference => $"/reference:\"{reference}\""),
                .. analyzers.Select(analyzer => $"/analyzer:\"{analyzer}\""),
                .. Lists.Select(list => $"/additionalfile:\"{Repository.PathOf(list)}\""),
                $"\"{file}\"",
            ]);
            using var compiler = Process.Start(new ProcessStartInfo("dotnet", ["exec", Repository.Compiler, "/noconfig", $"@{options}"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var errors = compiler.StandardError.ReadToEndAsync();
            var output = await compiler.StandardOutput.ReadToEndAsync();
            await compiler.WaitForExitAsync();
            return output + await errors;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"// (?<symbol>[TPMF]:\S+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamedPattern();

    [GeneratedRegex(@"\((?<line>\d+),\d+\): warning RS0030", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WarningPattern();

    [GeneratedRegex(
        @"^dotnet_(diagnostic\.RS0030|analyzer_diagnostic(\.category-\w+)?)\.severity\s*=", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex SwitchPattern();
}
