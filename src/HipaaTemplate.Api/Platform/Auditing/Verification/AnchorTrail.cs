using System.Text;
using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>A checkpoint of the log that the bundle is of, as an anchor has it.</summary>
/// <param name="Index">Its place in the heads.</param>
/// <param name="Text">Of the checkpoint.</param>
/// <param name="Checkpoint">The same, read.</param>
/// <param name="Time">Of the anchor.</param>
internal sealed record AnchoredCheckpoint(long Index, string Text, Checkpoint Checkpoint, DateTime Time);

/// <summary>A directory of anchors: each is looked at by itself, and as what follows the one before it.</summary>
internal sealed partial class AnchorTrail
{
    /// <summary>Longest anchor, in bytes, with its newline.</summary>
    public const int MaximumLength = 64 * 1024 * 1024;

    private readonly IReadOnlyList<NoteKey> signers;
    private readonly string logOrigin;
    private readonly Findings findings;
    private readonly List<AnchoredCheckpoint> ofLog = [];
    private readonly List<(long From, HeadsNote Note)> anchors = [];

    // Null once one is missing: what comes then cannot be reckoned.
    private MerkleTree? tree = new();

    private AnchorTrail(IReadOnlyList<NoteKey> signers, string logOrigin, Findings findings)
    {
        this.signers = signers;
        this.logOrigin = logOrigin;
        this.findings = findings;
    }

    /// <summary>Those that are good by themselves, in order.</summary>
    public IReadOnlyList<(long From, HeadsNote Note)> Anchors => anchors;

    public IReadOnlyList<AnchoredCheckpoint> OfLog => ofLog;

    /// <param name="directory">Files of other names do not matter.</param>
    /// <param name="signers">Keys that were given.</param>
    /// <param name="logOrigin">Of the log, behind the name of the trail.</param>
    /// <param name="findings">Gets what is wrong.</param>
    public static AnchorTrail Read(string directory, IReadOnlyList<NoteKey> signers, string logOrigin, Findings findings)
    {
        var trail = new AnchorTrail(signers, logOrigin, findings);
        foreach (var file in Directory.EnumerateFiles(directory)
            .Where(file => NamePattern().IsMatch(Path.GetFileName(file))).Order(StringComparer.Ordinal))
        {
            trail.Take(file);
        }

        return trail;
    }

    private void Take(string file)
    {
        var name = Path.GetFileName(file);
        if (ReadLine(file) is not { } anchor)
        {
            findings.Tampered($"anchor {name} is not of this format");
        }
        else if (!anchor.Note.IsSignedBy(signers))
        {
            findings.Tampered($"anchor {name} is not signed by a key that was given");
        }
        else if (anchor.From + anchor.Heads.Count != anchor.Note.Size || name != $"{anchor.Note.Size:D20}.ndjson")
        {
            findings.Tampered($"anchor {name} has not as many heads as it says");
        }
        else if (anchors.Exists(other => other.Note.Trail != anchor.Note.Trail)
            || anchor.Heads.Any(head => !head.Checkpoint.Origin.StartsWith($"{anchor.Note.Trail}/", StringComparison.Ordinal)))
        {
            findings.Tampered($"anchor {name} is of another trail");
        }
        else
        {
            CheckOrder(anchor, name);
            CheckRoot(anchor, name);
            Keep(anchor);
        }
    }

    private void CheckOrder(AnchorLine anchor, string name)
    {
        var end = anchors.Count == 0 ? 0 : anchors[^1].Note.Size;
        if (anchor.From > end)
        {
            findings.Incomplete($"heads {end} to {anchor.From - 1} are in no anchor before {name}");
        }
        else if (anchor.From < end)
        {
            findings.Tampered($"anchor {name} begins at {anchor.From}, where the one before it ended at {end}");
        }

        tree = anchor.From == end ? tree : null;
    }

    private void CheckRoot(AnchorLine anchor, string name)
    {
        if (tree is null)
        {
            return;
        }

        Span<byte> hash = stackalloc byte[MerkleHash.Length];
        foreach (var head in anchor.Heads)
        {
            MerkleHash.Leaf(Encoding.UTF8.GetBytes(head.Text), hash);
            tree.Append(hash);
        }

        tree.WriteRoot(hash);
        if (!hash.SequenceEqual(anchor.Note.Root))
        {
            findings.Tampered($"anchor {name} signs another root than its heads and those before it have");
        }
    }

    private void Keep(AnchorLine anchor)
    {
        anchors.Add((anchor.From, anchor.Note));
        for (var place = 0; place < anchor.Heads.Count; place++)
        {
            var (text, checkpoint) = anchor.Heads[place];
            if (checkpoint.Origin == anchor.Note.Trail + logOrigin)
            {
                ofLog.Add(new AnchoredCheckpoint(anchor.From + place, text, checkpoint, anchor.Note.Time));
            }
        }
    }

    private static AnchorLine? ReadLine(string file)
    {
        if (new FileInfo(file).Length > MaximumLength)
        {
            return null;
        }

        ReadOnlySpan<byte> content = File.ReadAllBytes(file);
        if (!content.EndsWith("\n"u8))
        {
            return null;
        }

        try
        {
            content = content[..^1];
            var line = new JsonLine(content, new byte[content.Length]);
            return AnchorLine.Read(ref line);
        }
        catch (Exception e) when (JsonLine.IsFault(e))
        {
            return null;
        }
    }

    [GeneratedRegex(@"\A[0-9]{20}\.ndjson\z", RegexOptions.None, 1000)]
    private static partial Regex NamePattern();
}
