using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Protection.Keys;

namespace HipaaTemplate.Platform.Protection.Search;

/// <summary>
/// HMAC-SHA256 of normalised values under a key of the tenant's, of this index and of the normalisers'
/// versions. It stands in one of two columns in turn, so that while a key is being replaced rows are found,
/// and are unique, under the old one and the new.
/// </summary>
internal sealed class BlindIndex
{
    /// <summary>Below, a value can be told from how often it occurs.</summary>
    private const long FewestDistinctValues = 10_000;

    /// <summary>Whatever is declared of them: from their hashes hospitals' records were read (Naveed, Kamara, Wright 2015).</summary>
    private static readonly string[] NeverIndexed =
        ["sex", "gender", "race", "ethnic", "diagnos", "medication", "zip", "postcode", "religion", "marital"];

    private readonly byte[] info;

    public BlindIndex(PhiTable table, BlindIndexAttribute declared)
    {
        Number = declared.Number;
        Bits = declared.Bits;
        IsUnique = declared.IsUnique;
        Where = declared.Where;
        Columns = [.. declared.Columns.Select(name => table.Columns.FirstOrDefault(column => column.Name == name)
            ?? throw new PhiModelException($"{table.Entity.Name} has no sealed column {name} to index."))];
        Name = string.Concat(declared.Columns);
        if (Problem(declared) is { } problem)
        {
            throw new PhiModelException($"The blind index {table.Entity.Name}.{Name} {problem}.");
        }

        info = InfoOf(table);
    }

    public int Number { get; }

    public string Name { get; }

    public IReadOnlyList<PhiColumn> Columns { get; }

    public int Bits { get; }

    public bool IsUnique { get; }

    public string? Where { get; }

    /// <summary>The property, without one on the class, that holds the hashes of a slot.</summary>
    public string PropertyOf(int slot) => $"{Name}Index{(slot == 0 ? 'A' : 'B')}";

    /// <summary>What the row's columns of slot 0 and of slot 1 hold: nothing where no version is in it.</summary>
    public byte[]?[] Of(List<TenantKeyMaterial> versions, PhiEntity entity)
    {
        return [InSlot(0), InSlot(1)];

        byte[]? InSlot(int slot) => versions.Find(version => version.IndexSlot == slot) is { } material ? Of(material, entity) : null;
    }

    /// <returns>Null when one of the values is missing, or nothing of it is left.</returns>
    public byte[]? Of(TenantKeyMaterial material, PhiEntity entity)
    {
        var values = new string[Columns.Count];
        for (var i = 0; i < values.Length; i++)
        {
            if (Columns[i].Get(entity) is not { } phi)
            {
                return null;
            }

            values[i] = phi.Normalised(Columns[i].Normaliser);
        }

        return Of(material, values);
    }

    /// <summary>What is looked for, written as the columns' normalisers write it.</summary>
    public string[] Normalise(IReadOnlyList<string> values) =>
        [.. Columns.Select((column, i) => column.Normaliser.Apply(values[i]))];

    /// <param name="material">Version of the tenant's key.</param>
    /// <param name="normalised">One for each column.</param>
    public byte[]? Of(TenantKeyMaterial material, IReadOnlyList<string> normalised)
    {
        if (normalised.Any(string.IsNullOrEmpty))
        {
            return null;
        }

        Span<byte> key = stackalloc byte[SecretKey.Length];
        material.DeriveIndexKey(info, key);
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        CryptographicOperations.ZeroMemory(key);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var value in normalised)
        {
            // The length first: two values of a compound index never run into each other.
            var utf8 = Encoding.UTF8.GetBytes(value);
            BinaryPrimitives.WriteInt32BigEndian(length, utf8.Length);
            hmac.AppendData(length);
            hmac.AppendData(utf8);
            CryptographicOperations.ZeroMemory(utf8);
        }

        return Cut(hmac.GetHashAndReset(), Bits);
    }

    /// <summary>Whether a row that was found by its hash is one that was meant: the hash is shared by others.</summary>
    public bool Matches(PhiEntity entity, IReadOnlyList<string> normalised)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (Columns[i].Get(entity)?.Normalised(Columns[i].Normaliser) != normalised[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The leading bits; the rest of the last byte is zero.</summary>
    private static byte[] Cut(byte[] hash, int bits)
    {
        var cut = hash[..((bits + 7) / 8)];
        if (bits % 8 != 0)
        {
            cut[^1] &= (byte)(0xff << (8 - (bits % 8)));
        }

        return cut;
    }

    private byte[] InfoOf(PhiTable table)
    {
        var label = "hipaa/v1|bidx|"u8;
        var result = new byte[label.Length + (sizeof(int) * (2 + (2 * Columns.Count)))];
        label.CopyTo(result);
        var at = label.Length;
        ReadOnlySpan<int> parts = [table.Number, Number, .. Columns.SelectMany(column => (int[])[column.Number, (int)column.Normaliser])];
        foreach (var part in parts)
        {
            BinaryPrimitives.WriteInt32BigEndian(result.AsSpan(at), part);
            at += sizeof(int);
        }

        return result;
    }

    private string? Problem(BlindIndexAttribute declared)
    {
        if (declared.Number < 1 || Columns.Count == 0)
        {
            return "needs a number and a column";
        }

        if (Columns.FirstOrDefault(column => NeverIndexed.Any(name => column.Name.Contains(name, StringComparison.OrdinalIgnoreCase))) is { } never)
        {
            return $"is on {never.Name}, which has too few values that say too much";
        }

        if (Columns.Any(column => column.Normaliser == Normaliser.None))
        {
            return "needs a Normaliser on each of its columns";
        }

        if (Columns.FirstOrDefault(column => column.Type.IsEnum || column.Type == typeof(byte[])) is { } unhashed)
        {
            return $"is on {unhashed.Name}: it cannot hash a {unhashed.Type.Name}";
        }

        if (Columns.All(column => column.Type != typeof(string) || column.Bucket > 1) || declared.DistinctValues < FewestDistinctValues)
        {
            return "is on too few values: they would be told by how often each occurs";
        }

        if (IsUnique)
        {
            return Bits == BlindIndexAttribute.Whole ? null : "must have 128 bits to be unique";
        }

        // sqrt(X) < 2^N < X/2 (AWS Database Encryption SDK, choosing a beacon's length).
        var buckets = Bits is > 0 and < 63 ? 1L << Bits : long.MaxValue;
        return Math.Sqrt(declared.DistinctValues) < buckets && buckets < declared.DistinctValues / 2
            ? null
            : "has a width that tells too much, or finds too much";
    }
}
