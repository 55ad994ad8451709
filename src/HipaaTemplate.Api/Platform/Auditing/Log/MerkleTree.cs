using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// A growing RFC 6962 tree of which only the roots of its perfect subtrees are kept, one for each set bit of
/// the size: 63 hashes at most, however many leaves there are. Not for use by several threads at once.
/// </summary>
internal sealed class MerkleTree
{
    private const int FirstCapacity = 8;

    // From the largest subtree, which is leftmost, to the smallest.
    private byte[] peaks = new byte[FirstCapacity * MerkleHash.Length];

    /// <summary>Number of leaves.</summary>
    public long Size { get; private set; }

    private int PeakCount => BitOperations.PopCount((ulong)Size);

    /// <param name="leafHash">From <see cref="MerkleHash.Leaf"/>.</param>
    /// <exception cref="ArgumentException">It is not <see cref="MerkleHash.Length"/> bytes.</exception>
    public void Append(ReadOnlySpan<byte> leafHash)
    {
        if (leafHash.Length != MerkleHash.Length)
        {
            throw new ArgumentException("A hash has 32 bytes.", nameof(leafHash));
        }

        var grown = checked(Size + 1);
        Span<byte> hash = stackalloc byte[MerkleHash.Length];
        leafHash.CopyTo(hash);
        var count = PeakCount;
        // As adding one to a binary number: each set bit at the end is a subtree as large as the new one.
        for (var carry = BitOperations.TrailingZeroCount(~Size); carry > 0; carry--)
        {
            MerkleHash.Node(Peak(--count), hash, hash);
        }

        if (peaks.Length == count * MerkleHash.Length)
        {
            Array.Resize(ref peaks, 2 * peaks.Length);
        }

        hash.CopyTo(Peak(count));
        Size = grown;
    }

    /// <param name="destination">Gets the root of what was appended so far, <see cref="MerkleHash.Length"/> bytes.</param>
    public void WriteRoot(Span<byte> destination)
    {
        if (Size == 0)
        {
            MerkleHash.Empty(destination);
            return;
        }

        var last = PeakCount - 1;
        Peak(last).CopyTo(destination);
        while (--last >= 0)
        {
            MerkleHash.Node(Peak(last), destination[..MerkleHash.Length], destination);
        }
    }

    /// <returns>A new array.</returns>
    public byte[] Root()
    {
        var root = new byte[MerkleHash.Length];
        WriteRoot(root);
        return root;
    }

    /// <returns>What <see cref="TryRestore"/> needs beside the size; one hash for each set bit of it.</returns>
    public byte[][] Save() => [.. Enumerable.Range(0, PeakCount).Select(index => Peak(index).ToArray())];

    /// <summary>
    /// The hashes are not verified, and cannot be: compare the root with a signed checkpoint of this size.
    /// </summary>
    /// <returns>False when no tree of that size has so many hashes, or one is not of 32 bytes.</returns>
    public static bool TryRestore(long size, IReadOnlyList<byte[]> hashes, [NotNullWhen(true)] out MerkleTree? tree)
    {
        tree = null;
        if (size < 0 || hashes.Count != BitOperations.PopCount((ulong)size)
            || hashes.Any(hash => hash is not { Length: MerkleHash.Length }))
        {
            return false;
        }

        tree = new MerkleTree { Size = size, peaks = new byte[Math.Max(hashes.Count, FirstCapacity) * MerkleHash.Length] };
        for (var index = 0; index < hashes.Count; index++)
        {
            hashes[index].CopyTo(tree.Peak(index));
        }

        return true;
    }

    private Span<byte> Peak(int index) => peaks.AsSpan(index * MerkleHash.Length, MerkleHash.Length);
}
