using System.IO.Compression;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Platform.Auditing.Retention;

/// <summary>What an archive that was read from its place is.</summary>
/// <param name="Sha256">Of all of the file.</param>
/// <param name="Head">That it proves; null unless everything in it is proven.</param>
internal sealed record ArchiveExam(byte[] Sha256, Checkpoint? Head)
{
    /// <param name="place">It is read from there.</param>
    /// <param name="name">In the place.</param>
    /// <param name="keys">That sign the heads.</param>
    /// <param name="ct">To stop.</param>
    /// <returns>Null when it is not there.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static async Task<ArchiveExam?> ReadAsync(IArchivePlace place, string name, VerifierKeys keys, CancellationToken ct)
    {
        await using var stream = await place.OpenAsync(name, ct);
        if (stream is null)
        {
            return null;
        }

        using var hash = SHA256.Create();
        await using var hashed = new CryptoStream(stream, hash, CryptoStreamMode.Read);
        var head = HeadOf(hashed, keys);
        // What is behind the end of the bundle is of the file too.
        await hashed.CopyToAsync(Stream.Null, ct);
        return new ArchiveExam(hash.Hash!, head);
    }

    public bool Is(KeptLog log, string trail) =>
        Head is not null && Head.Format() == log.Log.CheckpointAt(trail, log.Size, log.Root).Format();

    private static Checkpoint? HeadOf(Stream compressed, VerifierKeys keys)
    {
        try
        {
            using var bundle = new GZipStream(compressed, CompressionMode.Decompress, leaveOpen: true);
            var report = BundleVerifier.Verify(bundle, keys, anchors: null);
            return report is { Findings.Verdict: Verdict.Clean, Bundle.IsProof: false } ? report.Head?.Checkpoint : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
