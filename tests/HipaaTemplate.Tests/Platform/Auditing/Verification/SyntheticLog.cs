using System.Security.Cryptography;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

internal sealed record SyntheticEvent(AuditEntry Entry, byte[] Mac);

/// <summary>One tenant's month of events that nobody did, by three writers and under two versions of a key.</summary>
internal sealed class SyntheticLog
{
    /// <summary>The second number of the first writer: void, and missing.</summary>
    public const long MissingVoid = 1;

    /// <summary>Void as well, and there all the same.</summary>
    public const long PresentVoid = 3;

    private const int Writers = 3;

    private static readonly string?[] Actors =
        ["Zoë \U0001D518\U0001D52B\U0001D526 😀 \u2028", null, "", "\"quoted\" \\ / + <b> \u0001 \u001f \u007f \t", "0195f3c2-77aa"];

    private readonly Guid[] writers = [.. Enumerable.Range(0, Writers).Select(_ => Guid.CreateVersion7())];
    private readonly DateTimeOffset start;
    private long[] numbers = new long[Writers];

    public SyntheticLog(TenantId tenant, string month)
    {
        Tenant = tenant;
        Month = month;
        start = DateTimeOffset.Parse($"{month}-28T10:00:00.000001Z");
    }

    public TenantId Tenant { get; }

    public string Month { get; }

    public IReadOnlyDictionary<int, byte[]> MacKeys { get; } =
        new Dictionary<int, byte[]> { [1] = RandomNumberGenerator.GetBytes(32), [2] = RandomNumberGenerator.GetBytes(32) };

    public List<SyntheticEvent> Events { get; private set; } = [];

    /// <summary>In the order of their leaves, which is not that of their numbers.</summary>
    public void Add(int count) => Add(count, Events.Count);

    /// <param name="count">Of events.</param>
    /// <param name="from">Of them there were before.</param>
    public void Add(int count, int from)
    {
        var added = Enumerable.Range(from, count).Select(Next).ToArray();
        for (var at = Writers; at < added.Length; at += (2 * Writers) + 1)
        {
            (added[at - Writers], added[at]) = (added[at], added[at - Writers]);
        }

        Events.AddRange(added);
    }

    /// <summary>The same history, to go on in another way.</summary>
    public SyntheticLog Fork()
    {
        var fork = (SyntheticLog)MemberwiseClone();
        (fork.Events, fork.numbers) = ([.. Events], [.. numbers]);
        return fork;
    }

    public SyntheticEvent Sign(AuditEntry entry) =>
        new(entry, AuditEncoding.Mac(MacKeys[entry.KeyVersion], AuditEncoding.Encode(entry)));

    public byte[] LeafHashes(int size)
    {
        var hashes = new byte[size * MerkleHash.Length];
        for (var at = 0; at < size; at++)
        {
            var (entry, mac) = Events[at];
            MerkleHash.Leaf([.. AuditEncoding.Encode(entry), .. mac], hashes.AsSpan(at * MerkleHash.Length));
        }

        return hashes;
    }

    public string Checkpoint(string trail, int size) =>
        new Checkpoint($"{trail}/{Tenant}/{Month}", size, MerkleProof.RootOf(LeafHashes(size))).Format();

    public static string Line(SyntheticEvent written, long? leaf)
    {
        var (entry, mac) = written;
        return CanonicalJson.Of(new JsonObject
        {
            ["type"] = "event", ["leaf"] = leaf, ["tenant"] = $"{entry.Tenant}", ["id"] = $"{entry.Id}",
            ["at"] = entry.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"), ["writer"] = $"{entry.Writer}",
            ["number"] = entry.Number, ["void"] = new JsonArray([.. entry.Void.Select(number => (JsonNode)number)]),
            ["action"] = entry.Action, ["outcome"] = entry.Outcome, ["code"] = entry.Code, ["actor_type"] = entry.ActorType,
            ["actor"] = entry.Actor, ["session"] = entry.Session, ["address"] = entry.Address, ["purpose"] = entry.Purpose,
            ["endpoint"] = entry.Endpoint, ["request"] = entry.Request, ["trace"] = entry.Trace,
            ["detail"] = entry.Detail,
            ["patients"] = new JsonArray([.. entry.Patients.Select(id => (JsonNode)$"{id}")]),
            ["records"] = new JsonArray([.. entry.Records.Select(record => new JsonArray($"{record.Access}", record.Table, $"{record.Id}"))]),
            ["key_version"] = entry.KeyVersion, ["mac"] = Convert.ToBase64String(mac),
        });
    }

    private SyntheticEvent Next(int count)
    {
        var writer = count % Writers;
        var number = numbers[writer]++;
        if (writer == 0 && number == MissingVoid)
        {
            number = numbers[writer]++;
        }

        return Sign(new AuditEntry
        {
            Tenant = Tenant, Id = Guid.CreateVersion7(), At = start.AddMilliseconds(count), Writer = writers[writer], Number = number,
            Void = writer == 0 && (number is MissingVoid + 1 or PresentVoid + 1) ? [number - 1] : [],
            Action = "record.read", Outcome = count % 7 == 0 ? "refused" : "success", Code = count % 7 == 0 ? "ACC_001" : null,
            ActorType = "user", Actor = Actors[count % Actors.Length], Session = count % 4 == 0 ? null : $"session-{count}",
            Address = "2001:db8::1", Purpose = count % 5 == 0 ? "TREAT" : null, Endpoint = "GET /api/v1/things/{id}",
            Request = $"{count:x16}", Trace = count % 3 == 0 ? null : $"{count:x32}",
            Detail = count % 5 == 0 ? $"version {count}" : null,
            Patients = [.. Enumerable.Range(0, count % 3).Select(_ => Guid.CreateVersion7())],
            Records = [.. Enumerable.Range(0, count % 4).Select(at => new AuditedRecord("CRUD"[at], at, Guid.CreateVersion7()))],
            KeyVersion = count < 5 ? 1 : 2,
        });
    }
}
