using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Authentication.Tokens;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>Whoever finds a reason in the log finds on the page what to do about it.</summary>
internal sealed partial class TokenRefusalTests
{
    private const string Page = "docs/AUTH_CONFIGURATION.md";
    private const string Heading = "## When a token is refused\n";

    private static readonly IReadOnlyList<Match> Rows = RowsOf(SourceTree.Read(Page));

    [Test]
    public void Every_reason_has_one_row_and_every_row_a_reason() => Assert.That(
        Rows.Select(row => row.Groups["word"].Value),
        Is.EquivalentTo(Enum.GetValues<TokenRefusal>().Select(refusal => refusal.Word())),
        $"the table of \"When a token is refused\" in {Page}");

    [Test]
    public void Every_row_says_what_it_means_and_what_to_do() => Assert.That(
        Rows.Where(row => row.Groups["meaning"].Length < 10 || row.Groups["remedy"].Length < 10).Select(row => row.Value), Is.Empty);

    private static List<Match> RowsOf(string page)
    {
        var section = page[(page.IndexOf(Heading, StringComparison.Ordinal) + Heading.Length)..];
        return RowPattern().Matches(section[..section.IndexOf("\n## ", StringComparison.Ordinal)]).ToList();
    }

    [GeneratedRegex(@"^\| `(?<word>[a-z_]+)` \| (?<meaning>[^|]*) \| (?<remedy>[^|]*) \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RowPattern();
}
