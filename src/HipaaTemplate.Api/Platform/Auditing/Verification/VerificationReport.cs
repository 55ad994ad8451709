namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>What was looked at and found.</summary>
/// <param name="Findings">Verdict and what is wrong.</param>
/// <param name="Bundle">Null when the first line is not of a bundle.</param>
/// <param name="Events">What was counted.</param>
/// <param name="Head">Null of a bundle without one.</param>
/// <param name="Anchors">Null when none were given, or were not looked at.</param>
/// <param name="Narrowed">Where the first bad leaf lies when no event shows it.</param>
internal sealed record VerificationReport(
    Findings Findings, BundleLine? Bundle, EventChecks? Events, HeadLine? Head, AnchorTrail? Anchors, string? Narrowed)
{
    /// <summary>For a person; the verdict is the first word.</summary>
    public IEnumerable<string> Lines()
    {
        yield return Findings.Verdict.ToString().ToLowerInvariant();
        if (Bundle is not null && Events is not null)
        {
            yield return $"  {(Bundle.IsProof ? "proof  " : "log    ")}   tenant {Bundle.Tenant}, month {Bundle.Month}, exported at {Bundle.ExportedAt:yyyy-MM-ddTHH:mm:ssZ}";
            yield return $"  events    {Events.Count}, {SealedText(Bundle, Events)}";
            yield return Head is null
                ? "  heads     none"
                : $"  heads     {Head.Note.Size} of {Head.Note.Trail} at {Head.Note.Time:yyyy-MM-ddTHH:mm:ssZ}";
            yield return $"  MACs      {Events.MacsChecked} checked, {Events.MacsWithoutKey} not, for want of a key";
            yield return Anchors is null ? "  anchors   not looked at"
                : Anchors.Anchors.Count == 0 ? "  anchors   0"
                : $"  anchors   {Anchors.Anchors.Count}, the last of {Anchors.Anchors[^1].Note.Size} heads at {Anchors.Anchors[^1].Note.Time:yyyy-MM-ddTHH:mm:ssZ}";
        }

        foreach (var text in Findings.Texts)
        {
            yield return $"  {text}";
        }

        if (Findings.Count > Findings.Texts.Count)
        {
            yield return $"  and {Findings.Count - Findings.Texts.Count} more";
        }

        if (Findings.FirstBadLeaf is { } leaf)
        {
            yield return $"  the first bad leaf is {leaf}";
        }
        else if (Narrowed is not null)
        {
            yield return $"  {Narrowed}";
        }
    }

    private static string SealedText(BundleLine bundle, EventChecks events) =>
        bundle.IsProof ? $"leaf {events.LastLeaf}"
        : events.Sealed == 0 ? "none sealed"
        : $"sealed up to leaf {events.LastLeaf}";
}
