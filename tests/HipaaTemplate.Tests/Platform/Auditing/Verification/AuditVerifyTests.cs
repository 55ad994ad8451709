using System.Diagnostics;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>Both verifiers as somebody runs them: words, two streams, an exit status, and not one setting.</summary>
internal sealed class AuditVerifyTests
{
    private Scene scene = null!;

    [OneTimeSetUp]
    public void Set() => scene = new Scene();

    [OneTimeTearDown]
    public void Dispose() => scene.Dispose();

    [Test]
    public async Task A_bundle_is_clean_tampered_or_incomplete()
    {
        var good = scene.Bundle();
        foreach (var (lines, hasAnchors, status, word) in new[]
        {
            (good, true, 0, "clean"), (good[..^1], false, 3, "incomplete"), ([.. good[..3], .. good[4..]], true, 2, "tampered"),
        })
        {
            var (bundle, keys, anchors) = Verifiers.Write(scene.Given(lines));
            string[] options = [.. hasAnchors ? new[] { "--anchors", anchors! } : [], "--keys", keys, "--bundle", bundle];
            foreach (var result in await RunBothAsync(options))
            {
                Assert.That((result.ExitCode, result.Errors), Is.EqualTo((status, "")));
                Assert.That(result.Output, Does.StartWith($"{word}\n").And.Contains($"tenant {scene.Log.Tenant}, month 2026-11"));
                Assert.That(result.Output.Contains("the first bad leaf is 2\n", StringComparison.Ordinal), Is.EqualTo(status == 2));
            }
        }
    }

    [Test]
    public async Task Wrong_usage_is_2_and_what_cannot_be_read_1()
    {
        var (bundle, keys, _) = Verifiers.Write(new Evidence(scene.Bundle(), scene.Keys));
        var folder = Path.GetDirectoryName(bundle)!;
        foreach (var (options, status) in new (string[], int)[]
        {
            ([], 2), (["--bundle", bundle], 2), (["--keys", keys], 2), (["--bundle", bundle, "--keys"], 2), (["--bundle", bundle, "--keys", keys, "--more", "x"], 2),
            (["--bundle", $"{bundle}.not", "--keys", keys], 1), (["--bundle", bundle, "--keys", bundle], 1), (["--bundle", folder, "--keys", keys], 1),
            (["--bundle", bundle, "--keys", keys, "--anchors", $"{folder}/none"], 1),
        })
        {
            foreach (var result in await RunBothAsync(options))
            {
                Assert.That(result.ExitCode, Is.EqualTo(status), $"{string.Join(' ', options)}: {result.Output}{result.Errors}");
                Assert.That(result.Output + result.Errors, Does.Not.Contain("   at "));
            }
        }
    }

    private static async Task<ProcessResult[]> RunBothAsync(string[] options) => await Task.WhenAll(
        ApiProcess.RunAsync(new Dictionary<string, string>(), ["audit", "verify", .. options]), RunNodeAsync(options));

    private static async Task<ProcessResult> RunNodeAsync(string[] options)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [Repository.PathOf("tools", "verify-audit.mjs"), .. options])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new ProcessResult(process.ExitCode, await output, await errors);
    }
}
