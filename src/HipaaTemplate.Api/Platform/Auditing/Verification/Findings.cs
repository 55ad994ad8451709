namespace HipaaTemplate.Platform.Auditing.Verification;

internal enum Verdict
{
    /// <summary>Everything is proven.</summary>
    Clean,

    /// <summary>Nothing contradicts what was signed, and something is not proven.</summary>
    Incomplete,

    /// <summary>Something contradicts what was signed.</summary>
    Tampered,
}

/// <summary>What a verification found wrong; however much it is, few texts are kept.</summary>
internal sealed class Findings
{
    private const int MostTexts = 10;
    private readonly List<string> texts = [];

    public Verdict Verdict { get; private set; }

    public long Count { get; private set; }

    /// <summary>The first ones.</summary>
    public IReadOnlyList<string> Texts => texts;

    /// <summary>The first event, in order, that a check of a single event refused.</summary>
    public long? FirstBadLeaf { get; private set; }

    public void Tampered(string text) => Add(Verdict.Tampered, text);

    public void Incomplete(string text) => Add(Verdict.Incomplete, text);

    /// <param name="leaf">Its place among the events; null of a proof, where there is one event.</param>
    /// <param name="text">Of what was read only places and ids.</param>
    public void BadLeaf(long? leaf, string text)
    {
        if (leaf is not { } place)
        {
            Tampered(text);
            return;
        }

        FirstBadLeaf = Math.Min(FirstBadLeaf ?? place, place);
        Tampered($"leaf {place}: {text}");
    }

    private void Add(Verdict verdict, string text)
    {
        Verdict = verdict > Verdict ? verdict : Verdict;
        Count++;
        if (texts.Count < MostTexts)
        {
            texts.Add($"{(verdict == Verdict.Tampered ? "tampered" : "incomplete")}: {text}");
        }
    }
}
