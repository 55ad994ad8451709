using System.Text.RegularExpressions;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>What lies in the tree beside the code.</summary>
internal sealed partial class RepositoryTests
{
    private static readonly string[] Binary = [".png", ".jpg", ".ico", ".woff2", ".gz", ".zip", ".dll"];

    [Test]
    public void No_file_holds_a_key_or_a_token()
    {
        var findings = from file in SourceTree.Files
                       where !Binary.Contains(Path.GetExtension(file))
                       from Match match in SecretPattern().Matches(SourceTree.Read(file))
                       select $"{file}: {match.Value[..8]}…";
        Assert.That(findings, Is.Empty);
    }

    [Test]
    public void The_pattern_knows_a_secret_when_it_sees_one()
    {
        // Put together here, so that this file has none.
        string[] secrets =
        [
            "-----BEGIN RSA " + "PRIVATE KEY-----", "AKIA" + "IOSFODNN7EXAMPLE", "ghp_" + new string('a', 36),
            "eyJ" + "hbGciOiJSUzI1NiJ9.eyJ" + "zdWIiOiIxIn0.c2ln", "xoxb-" + "123456789012-abc", "sk_live_" + new string('a', 24),
        ];
        Assert.That(secrets, Has.All.Matches<string>(SecretPattern().IsMatch));
    }

    [Test]
    public void No_file_of_settings_or_keys_is_in_the_tree() => Assert.That(
        SourceTree.Files.Where(file => Path.GetExtension(file) is ".pem" or ".pfx" or ".key" or ".p12"), Is.Empty);

    [Test]
    public void Every_relative_link_of_the_docs_leads_to_a_file()
    {
        var broken = from file in SourceTree.Files
                     where file.EndsWith(".md", StringComparison.Ordinal)
                     from Match link in LinkPattern().Matches(SourceTree.Read(file))
                     let target = Uri.UnescapeDataString(link.Groups["target"].Value.Split('#')[0])
                     where target.Length > 0 && !target.Contains(':', StringComparison.Ordinal)
                     let path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.PathOf(file))!, target))
                     where !File.Exists(path) && !Directory.Exists(path)
                     select $"{file}: {target}";
        Assert.That(broken, Is.Empty);
    }

    [GeneratedRegex(
        @"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}|\beyJ[\w-]{10,}\.eyJ[\w-]+\.[\w-]+|\bxox[abpr]-\w{10,}|\bsk_live_\w{20,}",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SecretPattern();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LinkPattern();
}
