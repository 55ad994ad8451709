using System.Diagnostics;
using System.Globalization;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Auditing.Verification;
using HipaaTemplate.Tests.Platform.Auditing.Verification;

namespace HipaaTemplate.Benchmarks;

/// <summary>How many events a second the verifier of bundles looks at, MACs and all, in one thread.</summary>
internal static class VerificationCost
{
    private const int Portion = 10_000;

    /// <param name="count">Events of the bundle.</param>
    /// <returns>Whether the verdict was clean.</returns>
    public static async Task<bool> RunAsync(int count)
    {
        var file = Path.GetTempFileName();
        try
        {
            await Console.Error.WriteLineAsync($"writing {count} events to {file} …");
            var keys = VerifierKeys.Parse(Write(file, count));
            var megabytes = new FileInfo(file).Length / 1e6;
            await using var stream = File.OpenRead(file);
            using var process = Process.GetCurrentProcess();
            var before = process.TotalProcessorTime;
            var began = Stopwatch.GetTimestamp();
            var report = BundleVerifier.Verify(stream, keys, anchors: null);
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            process.Refresh();
            var busy = (process.TotalProcessorTime - before).TotalSeconds;
            foreach (var line in report.Lines())
            {
                await Console.Out.WriteLineAsync(line);
            }

            await Console.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{count / seconds:0} events a second, {count / busy:0} a second of processor: {count} events, {megabytes:0} MB, in {seconds:0.0} s; at most {process.PeakWorkingSet64 / 1e6:0} MB of memory"));
            return report.Findings.Verdict == Verdict.Clean;
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <returns>The keys.</returns>
    private static string Write(string file, int count)
    {
        using var trail = new SyntheticTrail();
        var log = SyntheticTrail.NewLog();
        var tree = new MerkleTree();
        using (var writer = new StreamWriter(file) { NewLine = "\n" })
        {
            writer.WriteLine(SyntheticTrail.First(log, "10:04:00", "log"));
            for (var leaf = 0; leaf < count;)
            {
                log.Events.Clear();
                log.Add(Math.Min(Portion, count - leaf), leaf);
                var hashes = log.LeafHashes(log.Events.Count);
                for (var place = 0; place < log.Events.Count; place++)
                {
                    tree.Append(hashes.AsSpan(place * MerkleHash.Length, MerkleHash.Length));
                    writer.WriteLine(SyntheticLog.Line(log.Events[place], leaf++));
                }
            }

            trail.Heads.Add(new Checkpoint($"{trail.Name}/{log.Tenant}/{log.Month}", tree.Size, tree.Root()).Format());
            writer.WriteLine(trail.Head(trail.Heads[0], 0, trail.Note("10:03:00")));
        }

        return trail.Keys(log);
    }
}
