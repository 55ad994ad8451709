using System.Text;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>Whatever becomes of a bundle's bytes, both verifiers come to the same.</summary>
[Hipaa(Citations.AuditControls)]
internal sealed class AgreementTests
{
    private const int Mutants = 2_000;

    /// <summary>Bytes that mean something in JSON, in base64 or in a checkpoint.</summary>
    private static readonly byte[] Interesting = "\"\\{}[]:,\n\r\t 0123456789-+.eEnulltrue/=AZaz\0\u00ff"u8.ToArray();

    private static readonly string[] Fragments =
    [
        "null", "[]", "{}", "\"\"", "0", "-1", "1e1", "1.0", "9007199254740993", "\\u0000", "\\ud800", "\\u0065", "\\u001F", "\\u001f", "\\/", "\\n", "-0", "1e3", "\u2028", ",", "\"a\":1,", " ", "\n",
        "—", "\uFEFF", "true",
    ];

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task They_agree_on_every_mutant_and_find_each_that_says_something_else(int seed)
    {
        using var scene = new Scene();
        var genuine = scene.Given(seed == 3 ? scene.Trail.Proof(scene.Log, 20) : scene.Bundle()).Bundle;
        var meaning = Canonical(genuine);
        var random = new Random(seed);
        var anchors = seed == 1 ? scene.Trail.Anchors : null;
        Dictionary<Verdict, int> verdicts = [];
        for (var round = 0; round < Mutants; round++)
        {
            var mutant = Mutate(genuine, random);
            var report = await Verifiers.AgreeAsync(
                new Evidence(mutant, scene.Keys, anchors), $"seed {seed}, round {round}:\n{Encoding.UTF8.GetString(mutant)}\n");
            var verdict = report.Findings.Verdict;
            verdicts[verdict] = verdicts.GetValueOrDefault(verdict) + 1;
            if (verdict == Verdict.Clean)
            {
                Assert.That(Canonical(mutant), Is.EqualTo(meaning), $"seed {seed}, round {round}");
            }
        }

        TestContext.Progress.WriteLine($"Mutants of a bundle: {string.Join(", ", verdicts.Select(pair => $"{pair.Value} {pair.Key}"))}");
        Assert.That(verdicts.Keys, Is.SupersetOf(new[] { Verdict.Clean, Verdict.Tampered }));
    }

    private static byte[] Mutate(byte[] genuine, Random random)
    {
        var at = random.Next(genuine.Length);
        var to = Math.Min(genuine.Length, at + 1 + random.Next(random.Next(3) == 0 ? 600 : 6));
        var fragment = Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)]);
        var lines = Encoding.UTF8.GetString(genuine).Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        var (one, other) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (random.Next(9))
        {
            case 0:
                return [.. genuine[..at], (byte)(genuine[at] ^ (1 << random.Next(8))), .. genuine[(at + 1)..]];
            case 1:
                return [.. genuine[..at], Interesting[random.Next(Interesting.Length)], .. genuine[(at + 1)..]];
            case 2:
                return [.. genuine[..at], .. genuine[to..]];
            case 3:
                return [.. genuine[..to], .. genuine[at..]];
            case 4:
                return [.. genuine[..at], .. fragment, .. genuine[at..]];
            case 5:
                return [.. genuine[..at], .. fragment, .. genuine[to..]];
            case 6:
                (lines[one], lines[other]) = (lines[other], lines[one]);
                break;
            case 7:
                lines.RemoveAt(one);
                break;
            default:
                // White space where JSON has it, which the format has not.
                lines[one] = lines[one].Replace("\",\"", "\" ,\t\"", StringComparison.Ordinal);
                break;
        }

        return Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => $"{line}\n")));
    }

    /// <summary>
    /// What the lines say, however it is spelt. The head's note is left out: what its signatures are besides the good
    /// one, such as one by a key that nobody was given, changes nothing; the time of the export is not sealed.
    /// </summary>
    private static string Canonical(byte[] bundle) => string.Join('\n', Encoding.UTF8.GetString(bundle)
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject()).Select(line =>
        {
            line.Remove("note");
            line.Remove("exported_at");
            return line.ToJsonString();
        }));
}
