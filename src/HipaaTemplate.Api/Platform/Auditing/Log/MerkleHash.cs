using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// The hashes of RFC 6962 §2.1 with SHA-256. Leaves and nodes begin with different bytes, so that no node can
/// be passed off as a leaf.
/// </summary>
internal static class MerkleHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    private const byte LeafPrefix = 0x00;
    private const byte NodePrefix = 0x01;
    private const int StackLimit = 1024;

    /// <param name="data">Of any length.</param>
    /// <param name="destination">Gets <see cref="Length"/> bytes.</param>
    public static void Leaf(ReadOnlySpan<byte> data, Span<byte> destination)
    {
        Span<byte> input = data.Length < StackLimit ? stackalloc byte[data.Length + 1] : new byte[data.Length + 1];
        input[0] = LeafPrefix;
        data.CopyTo(input[1..]);
        SHA256.HashData(input, destination);
    }

    /// <param name="left">A hash.</param>
    /// <param name="right">A hash.</param>
    /// <param name="destination">Gets <see cref="Length"/> bytes; it may be either of the two.</param>
    public static void Node(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> destination)
    {
        Span<byte> input = stackalloc byte[1 + (2 * Length)];
        input[0] = NodePrefix;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Length)..]);
        SHA256.HashData(input, destination);
    }

    /// <param name="destination">Gets the root of a tree without leaves: SHA-256 of nothing.</param>
    public static void Empty(Span<byte> destination) => SHA256.HashData([], destination);
}
