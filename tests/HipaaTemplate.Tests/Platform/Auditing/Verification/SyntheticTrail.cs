using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>A deployment's trail under a key of its own: logs, heads, anchors, and bundles of them.</summary>
internal sealed class SyntheticTrail : IDisposable
{
    private readonly ECDsa privateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly List<(SyntheticLog Log, int Size)> heads = [];
    private int anchored;

    public SyntheticTrail(string name = "audit.example")
    {
        Name = name;
        Signer = new LocalNoteSigner(name, privateKey);
    }

    public string Name { get; }

    public LocalNoteSigner Signer { get; }

    /// <summary>Texts of checkpoints.</summary>
    public List<string> Heads { get; } = [];

    /// <summary>Contents by the names of the files.</summary>
    public SortedDictionary<string, string> Anchors { get; } = new(StringComparer.Ordinal);

    public static SyntheticLog NewLog(string month = "2026-11") => new(TenantId.From(Guid.CreateVersion7()), month);

    public void Dispose() => privateKey.Dispose();

    /// <summary>Takes in all events of the log.</summary>
    public void Seal(SyntheticLog log)
    {
        heads.Add((log, log.Events.Count));
        Heads.Add(log.Checkpoint(Name, log.Events.Count));
    }

    /// <summary>On the day of the tests.</summary>
    public static string Time(string time) => $"2026-11-28T{time}Z";

    /// <summary>The signed checkpoint of the heads.</summary>
    public string Note(string time, int? size = null) =>
        Signed($"{new Checkpoint($"{Name}/heads", size ?? Heads.Count, RootOf(size ?? Heads.Count), $"time {Time(time)}").Format()}");

    public string Signed(string text, LocalNoteSigner? signer = null, ECDsa? by = null) =>
        $"{text}\n{Signature(text, signer ?? Signer, by ?? privateKey)}\n";

    public static string Signature(string text, LocalNoteSigner signer, ECDsa by) => new NoteSignature(
        signer.Key.Name, signer.Key.Id,
        by.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)).Format();

    public void Anchor(string time)
    {
        Anchors.Add($"{Heads.Count:D20}.ndjson", AnchorLine(anchored, Heads[anchored..], Note(time)));
        anchored = Heads.Count;
    }

    public static string AnchorLine(long from, IEnumerable<string> texts, string note) => $"{CanonicalJson.Of(new JsonObject
    {
        ["type"] = "anchor", ["from"] = from, ["heads"] = new JsonArray([.. texts.Select(text => (JsonNode)text)]), ["note"] = note,
    })}\n";

    /// <summary>Lines of it: the sealed events and then the others, and the head when there is one.</summary>
    public List<string> Bundle(SyntheticLog log, string exportedAt, string noteAt = "10:02:59")
    {
        var sealedCount = heads.FindLast(head => head.Log == log).Size;
        List<string> lines =
        [
            First(log, exportedAt, "log"),
            .. log.Events.Select((written, place) => SyntheticLog.Line(written, place < sealedCount ? place : null)),
        ];
        return sealedCount == 0 ? lines : [.. lines, HeadOf(log, noteAt)];
    }

    public List<string> Proof(SyntheticLog log, int leaf)
    {
        var size = heads.FindLast(head => head.Log == log).Size;
        return
        [
            First(log, "10:03:30", "proof"),
            SyntheticLog.Line(log.Events[leaf], leaf),
            CanonicalJson.Of(new JsonObject { ["type"] = "inclusion", ["proof"] = Hashes(MerkleProof.Inclusion(log.LeafHashes(size), leaf)) }),
            HeadOf(log, "10:02:59"),
        ];
    }

    public string HeadOf(SyntheticLog log, string noteAt)
    {
        var index = heads.FindLastIndex(head => head.Log == log);
        return Head(Heads[index], index, Note(noteAt));
    }

    /// <summary>With the proof for that place, whatever the checkpoint is.</summary>
    public string Head(string checkpoint, int index, string note) => CanonicalJson.Of(new JsonObject
    {
        ["type"] = "head", ["checkpoint"] = checkpoint, ["index"] = index,
        ["proof"] = Hashes(MerkleProof.Inclusion(HashesOf(Heads.Count), index)), ["note"] = note,
    });

    /// <summary>The public key, and the MAC keys of these logs.</summary>
    public string Keys(params SyntheticLog[] logs) => string.Join('\n',
    [
        "# from the safe", "", Signer.Key.Format(),
        .. from log in logs from key in log.MacKeys select $"mac {log.Tenant} {log.Month} {key.Key} {Convert.ToBase64String(key.Value)}",
        "",
    ]);

    public static string First(SyntheticLog log, string exportedAt, string kind) => JsonSerializer.Serialize(new
    {
        type = "bundle", format = "hipaa-audit-bundle/v1", kind, tenant = $"{log.Tenant}", month = log.Month, exported_at = Time(exportedAt),
    });

    private static JsonArray Hashes(IEnumerable<byte[]> hashes) => [.. hashes.Select(hash => (JsonNode)Convert.ToBase64String(hash))];

    private byte[] RootOf(int size) => MerkleProof.RootOf(HashesOf(size));

    private byte[] HashesOf(int size)
    {
        var hashes = new byte[size * MerkleHash.Length];
        for (var at = 0; at < size; at++)
        {
            MerkleHash.Leaf(Encoding.UTF8.GetBytes(Heads[at]), hashes.AsSpan(at * MerkleHash.Length));
        }

        return hashes;
    }
}
