using System.Diagnostics;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>What a verifier is given.</summary>
internal sealed record Evidence(byte[] Bundle, string Keys, IReadOnlyDictionary<string, string>? Anchors)
{
    public Evidence(IEnumerable<string> lines, string keys, IReadOnlyDictionary<string, string>? anchors = null)
        : this(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => $"{line}\n"))), keys, anchors)
    {
    }
}

/// <summary>Both verifiers, asked the same: the product's, and the one of tools in one process of Node.js for all tests.</summary>
[SetUpFixture]
internal sealed class Verifiers
{
    /// <summary>Reads paths from lines and answers each with the exit status that the tool would end with, and its first bad leaf.</summary>
    private const string Driver = """
        import { createInterface } from 'node:readline';
        import { exitStatusOf } from './verify-audit.mjs';
        for await (const line of createInterface({ input: process.stdin })) {
          let said = '';
          const status = await exitStatusOf(JSON.parse(line), (text) => { said += text; }).catch((error) => error.stack.replaceAll('\n', ' '));
          console.log(`${status} ${/the first bad leaf is (\d+)/.exec(said)?.[1] ?? 'none'}`);
        }
        """;

    private static readonly DirectoryInfo Folder = Directory.CreateTempSubdirectory("hipaa-audit-");
    private static readonly SemaphoreSlim Turn = new(1);
    private static Process? node;

    [OneTimeSetUp]
    public static void Start() => node = Process.Start(new ProcessStartInfo("node", ["--input-type=module", "--eval", Driver])
    {
        UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = Repository.PathOf("tools"),
    });

    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        node!.StandardInput.Close();
        await node.WaitForExitAsync();
        node.Dispose();
        Folder.Delete(recursive: true);
    }

    /// <summary>Asserts that both say so, and that the product's names this and nothing else.</summary>
    public static async Task<VerificationReport> ShouldBeAsync(Verdict verdict, Evidence evidence, string? finding = null)
    {
        var report = await AgreeAsync(evidence);
        Assert.That(report.Findings.Verdict, Is.EqualTo(verdict), string.Join('\n', report.Lines()));
        Assert.That(report.Findings.Texts, verdict == Verdict.Clean ? Is.Empty : Is.Not.Empty);
        if (finding is not null)
        {
            Assert.That(report.Findings.Texts, Has.All.Contains(finding));
        }

        return report;
    }

    /// <summary>Asserts that both come to the same.</summary>
    public static async Task<VerificationReport> AgreeAsync(Evidence evidence, string because = "")
    {
        var (bundle, keys, anchors) = Write(evidence);
        using var stream = new MemoryStream(evidence.Bundle);
        var report = BundleVerifier.Verify(stream, VerifierKeys.Parse(evidence.Keys), anchors);
        var answer = await AskNodeAsync(bundle, keys, anchors);
        Assert.That(answer, Is.EqualTo($"{StatusOf(report)} {report.Findings.FirstBadLeaf?.ToString() ?? "none"}"), $"{because} {string.Join('\n', report.Lines())}");
        return report;
    }

    public static async Task<string> AskNodeAsync(string bundle, string keys, string? anchors)
    {
        await Turn.WaitAsync();
        try
        {
            return await AskInTurnAsync(bundle, keys, anchors);
        }
        finally
        {
            Turn.Release();
        }
    }

    private static async Task<string> AskInTurnAsync(string bundle, string keys, string? anchors)
    {
        await node!.StandardInput.WriteLineAsync(JsonSerializer.Serialize(anchors is null ? [bundle, keys] : new[] { bundle, keys, anchors }));
        await node.StandardInput.FlushAsync();
        return await node.StandardOutput.ReadLineAsync() ?? "nothing";
    }

    /// <returns>Paths.</returns>
    public static (string Bundle, string Keys, string? Anchors) Write(Evidence evidence)
    {
        var folder = Folder.CreateSubdirectory($"{Guid.CreateVersion7():N}").FullName;
        var (bundle, keys) = (Path.Combine(folder, "bundle.ndjson"), Path.Combine(folder, "keys"));
        File.WriteAllBytes(bundle, evidence.Bundle);
        File.WriteAllText(keys, evidence.Keys);
        if (evidence.Anchors is null)
        {
            return (bundle, keys, null);
        }

        var anchors = Directory.CreateDirectory(Path.Combine(folder, "anchors")).FullName;
        foreach (var (name, content) in evidence.Anchors)
        {
            File.WriteAllText(Path.Combine(anchors, name), content);
        }

        return (bundle, keys, anchors);
    }

    private static int StatusOf(VerificationReport report) => report.Findings.Verdict switch
    {
        Verdict.Clean => 0,
        Verdict.Tampered => 2,
        _ => 3,
    };
}
