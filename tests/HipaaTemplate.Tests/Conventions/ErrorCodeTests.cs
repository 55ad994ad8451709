using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Errors;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>Codes are promises to clients: unique, well-formed and written down.</summary>
internal sealed class ErrorCodeTests
{
    private static readonly string Page = "docs/ERROR_CODES.md";

    private static List<Error> Shipped =>
        [.. App.Api.Services.GetRequiredService<ErrorRegistry>().All.Where(error => !IsOfProbe(error))];

    [Test]
    public void Every_code_is_unique_well_formed_and_has_its_texts() => Assert.Multiple(() =>
    {
        Assert.That(Shipped.Select(error => error.Code), Is.Unique);
        foreach (var error in Shipped)
        {
            Assert.That(error.Code, Does.Match("^[A-Z]{2,6}_[0-9]{3}$"));
            Assert.That(error.Status, Is.InRange(400, 599), error.Code);
            Assert.That(error.Title, Does.EndWith(".").And.Not.Contains("|"), error.Code);
            Assert.That(error.Remedy, Does.EndWith(".").And.Not.Contains("|"), error.Code);
        }
    });

    [Test]
    public void Every_error_that_the_code_declares_is_in_the_registry()
    {
        var declared = typeof(Error).Assembly.GetTypes()
            .Where(type => !type.ContainsGenericParameters).SelectMany(Error.AllIn);
        Assert.That(declared, Is.EquivalentTo(Shipped));
    }

    /// <summary>
    /// Byte for byte, but for rows of features that this build has not: a fork that deletes one need
    /// not write the page anew.
    /// </summary>
    [Test]
    public void The_page_is_what_the_verb_prints()
    {
        var prefixes = Shipped.Select(PrefixOf).ToHashSet();
        var page = SourceTree.Read(Page).Split('\n')
            .Where(line => !line.StartsWith("| `", StringComparison.Ordinal) || prefixes.Contains(PrefixOf(line)));
        var printed = DocsCommand.ErrorCodes(App.Api.Services.GetRequiredService<ErrorRegistry>()).Split('\n')
            .Where(line => !line.StartsWith("| `PRB_", StringComparison.Ordinal));
        Assert.That(page, Is.EqualTo(printed), $"Write it: HipaaTemplate.Api docs errors > {Page}");
    }

    private static bool IsOfProbe(Error error) => error.Code.StartsWith("PRB_", StringComparison.Ordinal);

    private static string PrefixOf(Error error) => error.Code.Split('_')[0];

    private static string PrefixOf(string row) => row["| `".Length..].Split('_')[0];
}
