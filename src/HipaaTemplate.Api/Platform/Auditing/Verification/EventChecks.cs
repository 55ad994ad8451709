using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>
/// Looks at one event after the other. Of those before it keeps their ids, a bit for each number, and the tree's
/// roots at the sizes that anchors name.
/// </summary>
internal sealed class EventChecks
{
    private readonly BundleLine bundle;
    private readonly IReadOnlyDictionary<int, byte[]> macKeys;
    private readonly Findings findings;
    private readonly HashSet<Guid> ids = [];
    private readonly Dictionary<Guid, WriterNumbers> writers = [];
    private readonly MerkleTree tree = new();
    private readonly Dictionary<long, byte[]?> roots;
    private readonly byte[] leafHash = new byte[MerkleHash.Length];

    /// <param name="bundle">What they must be of.</param>
    /// <param name="macKeys">By version of the tenant's key.</param>
    /// <param name="sizes">At which the root is needed.</param>
    /// <param name="findings">Gets what is wrong.</param>
    public EventChecks(BundleLine bundle, IReadOnlyDictionary<int, byte[]> macKeys, IEnumerable<long> sizes, Findings findings)
    {
        this.bundle = bundle;
        this.macKeys = macKeys;
        this.findings = findings;
        roots = sizes.Distinct().ToDictionary(size => size, size => size == 0 ? tree.Root() : null);
    }

    public long Count { get; private set; }

    public long Sealed { get; private set; }

    public long MacsChecked { get; private set; }

    public long MacsWithoutKey { get; private set; }

    /// <summary>Of the one event of a proof.</summary>
    public long? LastLeaf { get; private set; }

    /// <summary>Of the one event of a proof.</summary>
    public ReadOnlySpan<byte> LastLeafHash => leafHash;

    /// <summary>Of all sealed events.</summary>
    public byte[] Root() => tree.Root();

    /// <returns>Null at a size that they do not have.</returns>
    public byte[]? RootAt(long size) => roots[size];

    /// <param name="read">Its event.</param>
    /// <param name="place">Among the events of a log; null in a proof.</param>
    public void Check(EventReader read, long? place)
    {
        CheckLeaf(read.Leaf, place);
        if (!read.IsOf(bundle))
        {
            findings.BadLeaf(place, "it is of another tenant or month");
        }

        if (!ids.Add(read.Id))
        {
            findings.BadLeaf(place, $"the id {read.Id} is there twice");
        }

        CheckMac(read, place);
        CheckNumber(read, place);
        Count++;
        if (read.Leaf is not null)
        {
            Append(read.LeafData);
        }
    }

    /// <summary>What only the last event shows.</summary>
    public void Finish()
    {
        foreach (var (writer, numbers) in writers)
        {
            if (numbers.FirstMissing() is { } missing)
            {
                findings.Tampered($"number {missing} of writer {writer} is missing");
            }
        }

        if (Count > Sealed)
        {
            findings.Incomplete($"{Count - Sealed} of {Count} events are not sealed");
        }
    }

    private void CheckLeaf(long? leaf, long? place)
    {
        if (!bundle.IsProof && leaf is not null && (leaf != (LastLeaf + 1 ?? 0) || Sealed < Count))
        {
            findings.BadLeaf(place, "it is not the leaf that comes next");
        }
        else if (bundle.IsProof && leaf is null)
        {
            findings.Tampered("the event is not sealed");
        }

        LastLeaf = leaf ?? LastLeaf;
    }

    private void CheckMac(EventReader read, long? place)
    {
        if (!macKeys.TryGetValue(read.KeyVersion, out var key))
        {
            MacsWithoutKey++;
            return;
        }

        MacsChecked++;
        Span<byte> mac = stackalloc byte[AuditEncoding.MacLength];
        System.Security.Cryptography.HMACSHA256.HashData(key, read.Encoded, mac);
        if (!mac.SequenceEqual(read.Mac))
        {
            findings.BadLeaf(place, "its MAC is not that of its bytes");
        }
    }

    private void CheckNumber(EventReader read, long? place)
    {
        ref var numbers = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(writers, read.Writer, out _);
        numbers ??= new WriterNumbers();
        if (!numbers.TryAdd(read.Number))
        {
            findings.BadLeaf(place, $"number {read.Number} of writer {read.Writer} is there twice");
        }

        foreach (var number in read.Void)
        {
            numbers.AddVoid(number);
        }
    }

    private void Append(ReadOnlySpan<byte> leafData)
    {
        MerkleHash.Leaf(leafData, leafHash);
        tree.Append(leafHash);
        Sealed++;
        if (roots.ContainsKey(tree.Size))
        {
            roots[tree.Size] = tree.Root();
        }
    }
}
