using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// Hashes of a Merkle tree of RFC 6962 §2.1 with SHA-256, 32 bytes each. The first byte keeps a leaf from being
/// taken for two hashes, and two hashes for a leaf.
/// </summary>
internal static class MerkleHash
{
    public const int Length = SHA256.HashSizeInBytes;

    private const byte LeafPrefix = 0;
    private const byte NodePrefix = 1;
    private const int ShortLeaf = 1024;

    /// <summary>Of a tree without leaves: SHA-256 of nothing.</summary>
    public static byte[] OfNothing() => SHA256.HashData([]);

    public static byte[] OfLeaf(ReadOnlySpan<byte> data)
    {
        Span<byte> input = data.Length < ShortLeaf ? stackalloc byte[data.Length + 1] : new byte[data.Length + 1];
        input[0] = LeafPrefix;
        data.CopyTo(input[1..]);
        return SHA256.HashData(input);
    }

    public static byte[] OfNode(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Span<byte> input = stackalloc byte[1 + 2 * Length];
        input[0] = NodePrefix;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Length)..]);
        return SHA256.HashData(input);
    }
}
