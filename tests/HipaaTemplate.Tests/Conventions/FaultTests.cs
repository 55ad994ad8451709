using System.Diagnostics;
using System.Text.RegularExpressions;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>The faults that tools/plant-faults plants: a patch that does not apply any more proves nothing.</summary>
internal sealed partial class FaultTests
{
    private static IEnumerable<string> Faults =>
        SourceTree.Files.Where(file => file.EndsWith(".patch", StringComparison.Ordinal));

    [Test]
    public void There_are_faults() => Assert.That(Faults.Count(), Is.GreaterThanOrEqualTo(11));

    [TestCaseSource(nameof(Faults))]
    public async Task A_fault_applies_to_the_tree(string fault)
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["apply", "--check", fault])
        {
            WorkingDirectory = Repository.Root,
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        var errors = await git.StandardError.ReadToEndAsync();
        await git.WaitForExitAsync();
        Assert.That(git.ExitCode, Is.Zero, $"Write it anew: {errors}");
    }

    [TestCaseSource(nameof(Faults))]
    public void A_fault_names_tests_that_exist(string fault)
    {
        var names = FixturePattern().Matches(SourceTree.Read(fault)).Select(match => match.Groups["name"].Value).ToList();
        Assert.That(names, Is.Not.Empty);
        Assert.That(names, Is.SubsetOf(typeof(FaultTests).Assembly.GetTypes().Select(type => type.Name)));
    }

    [GeneratedRegex(@"FullyQualifiedName~(?<name>\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FixturePattern();
}
