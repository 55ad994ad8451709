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
            foreach (var result in await RunBothAsync(bundle, keys, hasAnchors ? anchors : null))
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
        foreach (var (options, paths, status) in new (string[], string[], int)[]
        {
            ([], [], 2), (["--bundle", bundle], [bundle], 2), (["--bundle", bundle, "--keys"], [bundle, keys, folder, "more"], 2),
            (["--bundle", $"{bundle}.not", "--keys", keys], [$"{bundle}.not", keys], 1), (["--bundle", bundle, "--keys", bundle], [bundle, bundle], 1),
            (["--bundle", folder, "--keys", keys], [folder, keys], 1),
            (["--bundle", bundle, "--keys", keys, "--anchors", $"{folder}/none"], [bundle, keys, $"{folder}/none"], 1),
        })
        {
            foreach (var result in await Task.WhenAll(RunAsync(options), RunNodeAsync(paths)))
            {
                Assert.That(result.ExitCode, Is.EqualTo(status), $"{string.Join(' ', options)}: {result.Output}{result.Errors}");
                Assert.That(result.Output + result.Errors, Does.Not.Contain("   at "));
            }
        }
    }

    private static Task<ProcessResult[]> RunBothAsync(string bundle, string keys, string? anchors) => Task.WhenAll(
        RunAsync([.. anchors is null ? [] : new[] { "--anchors", anchors }, "--keys", keys, "--bundle", bundle]),
        RunNodeAsync(anchors is null ? [bundle, keys] : [bundle, keys, anchors]));

    private static Task<ProcessResult> RunAsync(string[] options) =>
        ApiProcess.RunAsync(new Dictionary<string, string>(), ["audit", "verify", .. options]);

    private static async Task<ProcessResult> RunNodeAsync(string[] paths)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [Repository.PathOf("tools", "verify-audit.mjs"), .. paths])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new ProcessResult(process.ExitCode, await output, await errors);
    }
}
