using System.Text;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>The first line: which log the rest is of.</summary>
internal sealed record BundleLine(bool IsProof, TenantId Tenant, string Month, DateTime ExportedAt)
{
    private const string Format = "hipaa-audit-bundle/v1";

    private readonly byte[] tenantBytes = new byte[LineText.IdLength];
    private readonly byte[] monthBytes = new byte[LineText.MonthLength];

    public ReadOnlySpan<byte> TenantBytes => tenantBytes;

    public ReadOnlySpan<byte> MonthBytes => monthBytes;

    /// <summary>Behind the name of the trail in the origin of the log.</summary>
    public string Origin => $"/{Tenant}/{Month}";

    /// <exception cref="LineException">It is no such line.</exception>
    public static BundleLine Read(ref JsonLine line)
    {
        line.Require(line.Type == "bundle", "is not that of a bundle");
        line.Require(line.String("format") == Format, "is another one");
        var kind = line.String("kind");
        line.Require(kind is "log" or "proof", "is another one");
        var text = line.String("tenant");
        Span<byte> id = stackalloc byte[LineText.IdLength];
        line.Require(
            LineText.TryReadId(Encoding.UTF8.GetBytes(text), id) & TenantId.TryParse(text, out var tenant), "is no UUID in its one spelling, or nil");
        var month = line.String("month");
        line.Require(LineText.IsMonth(Encoding.UTF8.GetBytes(month)), "is none");
        line.Require(LineText.TryReadTime(line.Text("exported_at"), out var exportedAt), "is no time in its one spelling");
        line.End();
        var read = new BundleLine(kind == "proof", tenant, month, exportedAt);
        id.CopyTo(read.tenantBytes);
        Encoding.UTF8.GetBytes(month, read.monthBytes);
        return read;
    }
}

/// <summary>The checkpoint of the log, and how it hangs in the heads.</summary>
internal sealed record HeadLine(string Text, Checkpoint Checkpoint, long Index, IReadOnlyList<byte[]> Proof, HeadsNote Note)
{
    /// <exception cref="LineException">It is no such line.</exception>
    public static HeadLine Read(ref JsonLine line)
    {
        var text = line.String("checkpoint");
        line.Require(HeadsNote.TryReadCheckpoint(text, lines: 0, out var checkpoint), "is none");
        var index = line.Number("index", JsonLine.LargestNumber);
        var proof = line.Hashes("proof");
        var note = HeadsNote.Read(ref line);
        line.End();
        return new HeadLine(text, checkpoint!, index, proof, note);
    }
}

/// <summary>What was appended to the heads since the anchor before, and the note with it.</summary>
internal sealed record AnchorLine(long From, IReadOnlyList<(string Text, Checkpoint Checkpoint)> Heads, HeadsNote Note)
{
    /// <exception cref="LineException">It is no such line.</exception>
    public static AnchorLine Read(ref JsonLine line)
    {
        line.Require(line.Type == "anchor", "is not that of an anchor");
        var from = line.Number("from", JsonLine.LargestNumber);
        List<(string, Checkpoint)> heads = [];
        for (line.List("heads"); line.NextElement();)
        {
            var text = Encoding.UTF8.GetString(line.Text());
            line.Require(HeadsNote.TryReadCheckpoint(text, lines: 0, out var checkpoint), "holds what is no checkpoint");
            heads.Add((text, checkpoint!));
        }

        var note = HeadsNote.Read(ref line);
        line.End();
        return new AnchorLine(from, heads, note);
    }
}
