using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// The text of a checkpoint (c2sp.org/tlog-checkpoint): which log, how many leaves, which root. By itself it
/// proves nothing; <see cref="SignedNote"/> carries it with signatures.
/// </summary>
internal sealed class Checkpoint
{
    /// <summary>Longest text, in characters.</summary>
    public const int MaximumLength = 64 * 1024;

    private const int FixedLines = 3;
    private readonly byte[] root;

    /// <param name="origin">Names the log for ever; a URL without scheme, by recommendation.</param>
    /// <param name="size">Number of leaves.</param>
    /// <param name="root">Of the tree of that size.</param>
    /// <param name="extensions">Lines that mean something to whoever wrote them.</param>
    /// <exception cref="ArgumentException">It would not read back as what it is.</exception>
    public Checkpoint(string origin, long size, ReadOnlySpan<byte> root, params IReadOnlyList<string> extensions)
    {
        if (!IsValid(origin, size, root, extensions))
        {
            throw new ArgumentException("The lines, the size or the root cannot stand in a checkpoint.", nameof(origin));
        }

        Origin = origin;
        Size = size;
        Extensions = [.. extensions];
        this.root = root.ToArray();
        if (Format().Length > MaximumLength)
        {
            throw new ArgumentException("A checkpoint of that length would not be read.", nameof(extensions));
        }
    }

    public string Origin { get; }

    public long Size { get; }

    /// <summary><see cref="MerkleHash.Length"/> bytes.</summary>
    public ReadOnlySpan<byte> Root => root;

    public IReadOnlyList<string> Extensions { get; }

    /// <returns>False at anything that <see cref="Format"/> would not write in just this way.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        if (text.Length > MaximumLength || !text.EndsWith('\n'))
        {
            return false;
        }

        var lines = text[..^1].Split('\n');
        if (lines.Length < FixedLines || !TryParseSize(lines[1], out var size)
            || !StrictBase64.TryDecode(lines[2], out var root) || !IsValid(lines[0], size, root, lines[FixedLines..]))
        {
            return false;
        }

        checkpoint = new Checkpoint(lines[0], size, root, lines[FixedLines..]);
        return true;
    }

    /// <returns>Ends with a newline.</returns>
    public string Format() => string.Concat(
        new[] { Origin, Size.ToString(CultureInfo.InvariantCulture), Convert.ToBase64String(root) }
            .Concat(Extensions).Select(line => $"{line}\n"));

    private static bool TryParseSize(string text, out long size) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out size)
        && size.ToString(CultureInfo.InvariantCulture) == text;

    // Line breaks in an origin would be lines of their own; the tree without leaves has one root only.
    private static bool IsValid(string origin, long size, ReadOnlySpan<byte> root, IReadOnlyList<string> extensions)
    {
        Span<byte> empty = stackalloc byte[MerkleHash.Length];
        MerkleHash.Empty(empty);
        return NoteText.IsLine(origin) && extensions.All(NoteText.IsLine)
            && size >= 0 && root.Length == MerkleHash.Length && (size > 0 || root.SequenceEqual(empty));
    }
}
