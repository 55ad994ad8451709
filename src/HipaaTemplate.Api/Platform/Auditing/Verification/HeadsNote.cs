using System.Text;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>The signed checkpoint of the heads.</summary>
internal sealed record HeadsNote(string Trail, long Size, byte[] Root, DateTime Time, SignedNote Signed)
{
    private const string Suffix = "/heads";
    private const string TimePrefix = "time ";

    /// <exception cref="LineException">It is none; nothing is said of its signatures yet.</exception>
    public static HeadsNote Read(ref JsonLine line)
    {
        var time = default(DateTime);
        var isNote = SignedNote.TryParse(line.Text("note"), out var signed)
            & TryReadCheckpoint(signed?.Text ?? "", lines: 1, out var checkpoint);
        line.Require(
            isNote && checkpoint!.Origin.EndsWith(Suffix, StringComparison.Ordinal)
                && checkpoint.Extensions[0].StartsWith(TimePrefix, StringComparison.Ordinal)
                && LineText.TryReadTime(Encoding.UTF8.GetBytes(checkpoint.Extensions[0][TimePrefix.Length..]), out time),
            "is no signed checkpoint of heads");
        return new HeadsNote(
            checkpoint!.Origin[..^Suffix.Length], checkpoint.Size, checkpoint.Root.ToArray(), time, signed!);
    }

    /// <param name="text">Of the checkpoint.</param>
    /// <param name="lines">That it has beside the three of every checkpoint.</param>
    /// <param name="checkpoint">Of a size that every reader of JSON can hold.</param>
    public static bool TryReadCheckpoint(string text, int lines, out Checkpoint? checkpoint) =>
        Checkpoint.TryParse(text, out checkpoint) && checkpoint.Extensions.Count == lines && checkpoint.Size <= JsonLine.LargestNumber;

    /// <summary>
    /// Whether a key of the trail's own name signed it, and no key that is known is named falsely. A key of
    /// another name is a witness at most: it does not speak for this trail.
    /// </summary>
    public bool IsSignedBy(IReadOnlyList<NoteKey> keys) =>
        Signed.Verify(keys) == NoteVerdict.Verified
        && Signed.Verify([.. keys.Where(key => key.Name == Trail)]) == NoteVerdict.Verified;
}
