namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>What anchors say of a log against what a bundle of it says.</summary>
internal static class AnchorComparison
{
    /// <param name="trail">Read before the events.</param>
    /// <param name="bundle">Its first line.</param>
    /// <param name="head">Null of a bundle without one.</param>
    /// <param name="events">All of them read.</param>
    /// <param name="findings">Gets what is wrong.</param>
    public static void Check(AnchorTrail trail, BundleLine bundle, HeadLine? head, EventChecks events, Findings findings)
    {
        var size = head?.Note.Size ?? 0;
        if (trail.Anchors.Count > 0 && head is not null && trail.Anchors[0].Note.Trail != head.Note.Trail)
        {
            findings.Tampered("the anchors are of another trail than the bundle");
        }

        foreach (var checkpoint in Within(trail, head).Where(checkpoint => !Agrees(checkpoint, events)))
        {
            findings.Tampered($"the anchors have another root of the first {checkpoint.Checkpoint.Size} events");
        }

        if (trail.OfLog.FirstOrDefault(checkpoint => checkpoint.Index >= size && checkpoint.Time < bundle.ExportedAt) is { } later)
        {
            findings.Tampered(
                $"the anchors had {later.Checkpoint.Size} events of this log at {later.Time:yyyy-MM-ddTHH:mm:ssZ}, before the bundle was exported, and it does not know of them");
        }

        if (!trail.Anchors.Any(anchor => anchor.Note.Size >= size))
        {
            findings.Incomplete("no anchor is as new as the bundle");
        }

        if (head is not null)
        {
            CheckHead(trail, head, findings);
        }
    }

    /// <summary>Between the largest size at which they still agree and the smallest at which they do not.</summary>
    /// <returns>Null when they agree.</returns>
    public static string? FirstBadLeaf(AnchorTrail trail, HeadLine? head, EventChecks events, bool agreesAtEnd)
    {
        var checkpoints = Within(trail, head).ToLookup(checkpoint => Agrees(checkpoint, events), checkpoint => checkpoint.Checkpoint.Size);
        var bad = checkpoints[false].Concat(agreesAtEnd ? [] : [events.Sealed]).DefaultIfEmpty(-1).Min();
        var good = checkpoints[true].Where(size => size < bad).DefaultIfEmpty(0).Max();
        return bad < 0 ? null : $"the first bad leaf lies between {good} and {Math.Max(good, bad - 1)}";
    }

    /// <summary>Among the heads that the bundle's note is of.</summary>
    private static IEnumerable<AnchoredCheckpoint> Within(AnchorTrail trail, HeadLine? head) =>
        trail.OfLog.Where(checkpoint => checkpoint.Index < (head?.Note.Size ?? 0));

    private static bool Agrees(AnchoredCheckpoint checkpoint, EventChecks events) =>
        events.RootAt(checkpoint.Checkpoint.Size) is { } root && checkpoint.Checkpoint.Root.SequenceEqual(root);

    private static void CheckHead(AnchorTrail trail, HeadLine head, Findings findings)
    {
        if (trail.Anchors.Any(anchor => anchor.Note.Size == head.Note.Size && !anchor.Note.Root.AsSpan().SequenceEqual(head.Note.Root)))
        {
            findings.Tampered($"an anchor has another root of the first {head.Note.Size} heads than the bundle");
        }

        if (trail.Anchors.Any(anchor => head.Index >= anchor.From && head.Index < anchor.Note.Size)
            && !trail.OfLog.Any(checkpoint => checkpoint.Index == head.Index && checkpoint.Text == head.Text))
        {
            findings.Tampered($"the anchors have something else at head {head.Index} than the bundle");
        }
    }
}
