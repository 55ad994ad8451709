using System.Numerics;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// Makes the proofs of RFC 6962 §2.1.1 and §2.1.2 from all leaf hashes of a tree, one after the other in one
/// span. Each takes time in proportion to the number of leaves. <see cref="MerkleVerifier"/> checks them.
/// </summary>
internal static class MerkleProof
{
    /// <returns>The hashes that lead from the leaf to the root, lowest first.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public static byte[][] Inclusion(ReadOnlySpan<byte> leafHashes, long index)
    {
        var size = CountOf(leafHashes);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        List<byte[]> proof = [];
        var subtree = leafHashes;
        for (var place = (int)index; subtree.Length > MerkleHash.Length;)
        {
            place = Descend(ref subtree, place, proof);
        }

        proof.Reverse();
        return [.. proof];
    }

    /// <returns>
    /// The hashes that show the tree of the first <paramref name="earlierSize"/> leaves to be the beginning of
    /// the tree of all, lowest first; none when it is all.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The earlier tree is empty, which proves nothing, or larger.</exception>
    public static byte[][] Consistency(ReadOnlySpan<byte> leafHashes, long earlierSize)
    {
        var size = CountOf(leafHashes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(earlierSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(earlierSize, size);
        List<byte[]> proof = [];
        var subtree = leafHashes;
        // The leaf that ends the earlier tree: down to the subtree that it completes.
        var last = (int)earlierSize - 1;
        var isLeftmost = true;
        while (CountOf(subtree) != last + 1)
        {
            var before = last;
            last = Descend(ref subtree, last, proof);
            isLeftmost &= before == last;
        }

        // Leftmost, it is the earlier tree itself, of which the verifier has the root.
        if (!isLeftmost)
        {
            proof.Add(RootOf(subtree));
        }

        proof.Reverse();
        return [.. proof];
    }

    /// <exception cref="ArgumentException">These are not whole hashes.</exception>
    public static byte[] RootOf(ReadOnlySpan<byte> leafHashes)
    {
        var tree = new MerkleTree();
        for (var size = CountOf(leafHashes); size > 0; size--)
        {
            tree.Append(leafHashes[..MerkleHash.Length]);
            leafHashes = leafHashes[MerkleHash.Length..];
        }

        return tree.Root();
    }

    /// <summary>Goes into the half that holds the place and keeps the root of the other.</summary>
    /// <returns>The place within that half.</returns>
    private static int Descend(ref ReadOnlySpan<byte> subtree, int place, List<byte[]> proof)
    {
        // The largest power of two that is smaller than the number of leaves.
        var half = (int)(BitOperations.RoundUpToPowerOf2((uint)CountOf(subtree)) / 2);
        var left = subtree[..(half * MerkleHash.Length)];
        var right = subtree[left.Length..];
        var isLeft = place < half;
        proof.Add(RootOf(isLeft ? right : left));
        subtree = isLeft ? left : right;
        return isLeft ? place : place - half;
    }

    private static int CountOf(ReadOnlySpan<byte> leafHashes) => leafHashes.Length % MerkleHash.Length == 0
        ? leafHashes.Length / MerkleHash.Length
        : throw new ArgumentException("A hash has 32 bytes.", nameof(leafHashes));
}
