using System.Text;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>
/// Verifies a bundle of the audit trail by itself, with keys and anchors from elsewhere
/// (docs/explanation/audit-format.md, "What a verifier does"). Asks no database and no network.
/// </summary>
internal sealed class BundleVerifier
{
    private const int LinesBeforeEvents = 2;

    private readonly LineReader lines;
    private readonly VerifierKeys keys;
    private readonly byte[] scratch = new byte[LineReader.MaximumLength];
    private readonly EventReader reader = new();
    private readonly Findings findings = new();
    private BundleLine bundle = null!;
    private EventChecks events = null!;
    private List<byte[]>? inclusion;
    private HeadLine? head;
    private bool hasEnded;

    private BundleVerifier(Stream stream, VerifierKeys keys)
    {
        lines = new LineReader(stream);
        this.keys = keys;
    }

    /// <param name="stream">Of the bundle, decompressed.</param>
    /// <param name="keys">From somewhere else.</param>
    /// <param name="anchors">A directory, or null.</param>
    /// <exception cref="IOException">Something cannot be read.</exception>
    public static VerificationReport Verify(Stream stream, VerifierKeys keys, string? anchors) =>
        new BundleVerifier(stream, keys).Verify(anchors);

    private VerificationReport Verify(string? anchors)
    {
        if (!ReadBundleLine())
        {
            return new VerificationReport(findings, Bundle: null, Events: null, Head: null, Anchors: null, Narrowed: null);
        }

        var trail = anchors is null || bundle.IsProof ? null : AnchorTrail.Read(anchors, keys.Signers, bundle.Origin, findings);
        events = new EventChecks(
            bundle, keys.MacKeysOf(bundle.Tenant, bundle.Month), trail?.OfLog.Select(checkpoint => checkpoint.Checkpoint.Size) ?? [], findings);
        while (lines.Read())
        {
            ReadLine();
        }

        events.Finish();
        CheckHead();
        if (bundle.IsProof)
        {
            CheckInclusion();
            return new VerificationReport(findings, bundle, events, head, Anchors: null, Narrowed: null);
        }

        var agreesAtEnd = CheckRoot();
        if (trail is null)
        {
            return new VerificationReport(findings, bundle, events, head, Anchors: null, Narrowed: null);
        }

        AnchorComparison.Check(trail, bundle, head, events, findings);
        return new VerificationReport(
            findings, bundle, events, head, trail, AnchorComparison.FirstBadLeaf(trail, head, events, agreesAtEnd));
    }

    private bool ReadBundleLine()
    {
        try
        {
            if (!lines.Read() || lines.IsTooLong)
            {
                throw new LineException("there is no first line, or it is too long");
            }

            var line = new JsonLine(lines.Line, scratch);
            bundle = BundleLine.Read(ref line);
            return true;
        }
        catch (Exception e) when (JsonLine.IsFault(e))
        {
            findings.Tampered($"line 1 is not that of a bundle: {Complaint(e)}");
            return false;
        }
    }

    private void ReadLine()
    {
        // What is no line of a head, nor behind one, is the leaf of its place, whatever else it may be.
        var isHead = lines.Line.StartsWith("{\"type\":\"head\""u8);
        long? place = bundle.IsProof || hasEnded || isHead ? null : lines.Number - LinesBeforeEvents;
        try
        {
            if (lines.IsTooLong)
            {
                throw new LineException("it is longer than 1 MiB");
            }

            var line = new JsonLine(lines.Line, scratch);
            Take(ref line, place);
        }
        catch (Exception e) when (JsonLine.IsFault(e))
        {
            findings.BadLeaf(place, $"line {lines.Number} is not of this format: {Complaint(e)}");
        }

        hasEnded |= isHead;
    }

    private void Take(ref JsonLine line, long? place)
    {
        line.Require(!hasEnded, "is one of a line behind the head");
        switch (line.Type)
        {
            case "event":
                line.Require(inclusion is null && !(bundle.IsProof && events.Count > 0), "is one of an event too many");
                reader.Read(ref line);
                events.Check(reader, place);
                break;
            case "inclusion":
                line.Require(inclusion is null && bundle.IsProof, "is one of an inclusion too many");
                var proof = line.Hashes("proof");
                line.End();
                inclusion = proof;
                break;
            case "head":
                head = HeadLine.Read(ref line);
                break;
            default:
                line.Require(holds: false, "is none that is known");
                break;
        }
    }

    private void CheckHead()
    {
        if (head is null)
        {
            if (!bundle.IsProof && events.Count > 0)
            {
                findings.Incomplete("there is no head");
            }

            return;
        }

        if (!head.Note.IsSignedBy(keys.Signers))
        {
            findings.Tampered("the heads are not signed by a key that was given, or falsely by one");
        }

        if (head.Checkpoint.Origin != head.Note.Trail + bundle.Origin)
        {
            findings.Tampered("the checkpoint is of another log, or of another trail than the heads");
        }

        Span<byte> hash = stackalloc byte[MerkleHash.Length];
        MerkleHash.Leaf(Encoding.UTF8.GetBytes(head.Text), hash);
        if (!MerkleVerifier.IsIncluded(head.Index, head.Note.Size, hash, head.Proof, head.Note.Root))
        {
            findings.Tampered($"the checkpoint is not head {head.Index}");
        }
    }

    /// <returns>Whether nothing contradicts what was signed of all sealed events.</returns>
    private bool CheckRoot()
    {
        var agrees = head is null || (head.Checkpoint.Size == events.Sealed && head.Checkpoint.Root.SequenceEqual(events.Root()));
        if (!agrees)
        {
            findings.Tampered($"the {events.Sealed} sealed events have not the root that was signed of {head!.Checkpoint.Size}");
        }

        return agrees;
    }

    private void CheckInclusion()
    {
        if (head is null || inclusion is null || events.LastLeaf is not { } leaf)
        {
            findings.Tampered("a proof has a sealed event, its inclusion and the head");
        }
        else if (!MerkleVerifier.IsIncluded(leaf, head.Checkpoint.Size, events.LastLeafHash, inclusion, head.Checkpoint.Root))
        {
            findings.Tampered($"the event is not leaf {leaf} of the log");
        }
    }

    private static string Complaint(Exception e) => e is LineException ? e.Message : "it is no JSON";
}
