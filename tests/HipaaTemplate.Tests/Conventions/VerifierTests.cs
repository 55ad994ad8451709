using System.Text.RegularExpressions;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>A reviewer reads the second verifier before they run it: one short file that needs nothing else.</summary>
internal sealed partial class VerifierTests
{
    private const int MostLines = 150;
    private const int LongestLine = 170;

    private static readonly string[] Lines = File.ReadAllLines(Repository.PathOf("tools", "verify-audit.mjs"));

    [Test]
    public void It_is_short() => Assert.That(
        (Lines.Length <= MostLines, Lines.Max(line => line.Length) <= LongestLine), Is.EqualTo((true, true)),
        $"{Lines.Length} lines, the longest of {Lines.Max(line => line.Length)} characters");

    [Test]
    public void It_imports_only_what_Node_brings()
    {
        var imports = Lines.Where(line => ImportPattern().IsMatch(line)).ToList();
        Assert.That(imports, Is.Not.Empty.And.All.Matches<string>(line => NodeImportPattern().IsMatch(line)));
    }

    [TestCase("import x from './lib/x.mjs';")]
    [TestCase("const x = await import('node:fs');")]
    [TestCase("const x = require('x');")]
    [TestCase("process.getBuiltinModule('fs');")]
    [TestCase("export * from 'x';")]
    [TestCase("eval(text);")]
    public void The_pattern_knows_an_import_when_it_sees_one(string line) =>
        Assert.That((ImportPattern().IsMatch(line), NodeImportPattern().IsMatch(line)), Is.EqualTo((true, false)));

    [GeneratedRegex(@"\bimport\b(?!\.meta)|\brequire\b|BuiltinModule|\bfrom\s*['""]|\beval\b|\bFunction\b|child_process", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ImportPattern();

    [GeneratedRegex("""^import \{ [\w, ]+ \} from 'node:(crypto|fs)';$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NodeImportPattern();
}
