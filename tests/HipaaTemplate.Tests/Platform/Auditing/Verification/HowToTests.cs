using System.Diagnostics;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>Every command of docs/how-to/verify-the-audit-trail.md, as it stands there.</summary>
internal sealed class HowToTests
{
    [Test]
    public async Task Its_commands_run_and_end_as_it_says()
    {
        using var scene = new Scene();
        var (bundle, keys, anchors) = Verifiers.Write(scene.Given(scene.Bundle()));
        var folder = Path.GetDirectoryName(bundle)!;
        File.Move(keys, Path.Combine(folder, "keys.txt"));
        await File.WriteAllLinesAsync(Path.Combine(folder, "proof.ndjson"), scene.Trail.Proof(scene.Log, 20));
        Directory.CreateSymbolicLink(Path.Combine(folder, "tools"), Repository.PathOf("tools"));
        Assert.That(Directory.Exists(anchors), Is.True);

        var commands = (await File.ReadAllLinesAsync(Repository.PathOf("docs", "how-to", "verify-the-audit-trail.md")))
            .Where(line => line.StartsWith("node ", StringComparison.Ordinal) || line.StartsWith("sed ", StringComparison.Ordinal)
                || line.StartsWith("dotnet ", StringComparison.Ordinal));
        List<(string Command, int Status)> ended = [];
        foreach (var command in commands)
        {
            ended.Add((command, await RunAsync(folder, command.Replace("HipaaTemplate.Api.dll", ApiProcess.Binary, StringComparison.Ordinal))));
        }

        Assert.That(ended.Select(one => one.Status), Is.EqualTo(new[] { 0, 0, 2, 0, 0 }), string.Join('\n', ended));
    }

    private static async Task<int> RunAsync(string folder, string command)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command])
        {
            UseShellExecute = false, RedirectStandardOutput = true, WorkingDirectory = folder,
        })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
