using System.IO.Compression;
using System.Text;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The form of <c>audit</c> that verifies a bundle; it needs nothing but files.</summary>
internal static class AuditVerify
{
    private const string Bundle = "--bundle";
    private const string Keys = "--keys";
    private const string Anchors = "--anchors";

    public static IReadOnlyList<string> Usage { get; } =
    [
        "audit verify --bundle FILE --keys FILE [--anchors DIRECTORY]    exit 0 clean, 2 tampered, 3 incomplete; no settings, no network",
    ];

    /// <returns>Null when the words are none of its forms.</returns>
    public static Func<CancellationToken, Task<int>>? Find(IReadOnlyList<string> arguments) => arguments switch
    {
        ["verify", ..] => _ => VerifyAsync(CommandOptions.Read(arguments.Skip(1), Bundle, Keys, Anchors)),
        _ => null,
    };

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static Stream Open(string file)
    {
        var stream = File.OpenRead(file);
        return file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream;
    }

    private static async Task<int> VerifyAsync(IReadOnlyDictionary<string, string> options)
    {
        if (!options.TryGetValue(Bundle, out var bundle) || !options.TryGetValue(Keys, out var keys))
        {
            throw new UsageException("A bundle and the keys to verify it with are needed.");
        }

        var report = Verify(bundle, keys, options.GetValueOrDefault(Anchors));
        foreach (var line in report.Lines())
        {
            await Console.Out.WriteLineAsync(line);
        }

        return report.Findings.Verdict switch
        {
            Verdict.Clean => ExitCode.Done,
            Verdict.Tampered => ExitCode.Tampered,
            _ => ExitCode.Incomplete,
        };
    }

    private static VerificationReport Verify(string bundle, string keys, string? anchors)
    {
        try
        {
            using var stream = Open(bundle);
            return BundleVerifier.Verify(stream, VerifierKeys.Parse(Encoding.UTF8.GetString(File.ReadAllBytes(keys))), anchors);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CommandException($"Something cannot be read: {e.Message}");
        }
    }
}
