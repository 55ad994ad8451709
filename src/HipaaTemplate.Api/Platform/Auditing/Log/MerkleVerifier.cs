using System.Numerics;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// Checks proofs as RFC 9162 §2.1.3.2 and §2.1.4.2 write it out for the trees of RFC 6962. Whatever is wrong
/// with sizes, lengths or hashes, the answer is false; nothing is thrown.
/// </summary>
internal static class MerkleVerifier
{
    /// <param name="index">Of the leaf, from 0.</param>
    /// <param name="size">Leaves of the tree.</param>
    /// <param name="leafHash">From <see cref="MerkleHash.Leaf"/>.</param>
    /// <param name="proof">Lowest first.</param>
    /// <param name="root">Of the tree, from a checkpoint that was verified.</param>
    public static bool IsIncluded(
        long index, long size, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size || leafHash.Length != MerkleHash.Length || !AreHashes(proof))
        {
            return false;
        }

        Span<byte> hash = stackalloc byte[MerkleHash.Length];
        leafHash.CopyTo(hash);
        var (place, last) = (index, size - 1);
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return false;
            }

            if (IsRight(place, last))
            {
                MerkleHash.Node(sibling, hash, hash);
                SkipLevelsWithoutSibling(ref place, ref last);
            }
            else
            {
                MerkleHash.Node(hash, sibling, hash);
            }

            (place, last) = (place >> 1, last >> 1);
        }

        return last == 0 && hash.SequenceEqual(root);
    }

    /// <param name="earlierSize">Leaves of the earlier tree. From none to some is no proof and refused.</param>
    /// <param name="earlierRoot">Of the earlier tree.</param>
    /// <param name="laterSize">Leaves of the later tree; with as many, the roots are compared.</param>
    /// <param name="laterRoot">Of the later tree.</param>
    /// <param name="proof">Lowest first.</param>
    public static bool IsConsistent(
        long earlierSize,
        ReadOnlySpan<byte> earlierRoot,
        long laterSize,
        ReadOnlySpan<byte> laterRoot,
        IReadOnlyList<byte[]> proof)
    {
        if (earlierSize <= 0 || earlierSize > laterSize || !AreHashes(proof))
        {
            return false;
        }

        if (earlierSize == laterSize)
        {
            return proof.Count == 0 && earlierRoot.SequenceEqual(laterRoot);
        }

        // A perfect earlier tree is a subtree of the later one, and where the way up begins.
        var isPerfect = BitOperations.IsPow2(earlierSize);
        if (earlierRoot.Length != MerkleHash.Length || proof.Count == 0)
        {
            return false;
        }

        Span<byte> earlier = stackalloc byte[MerkleHash.Length];
        (isPerfect ? earlierRoot : proof[0]).CopyTo(earlier);
        Span<byte> later = stackalloc byte[MerkleHash.Length];
        earlier.CopyTo(later);
        var levels = BitOperations.TrailingZeroCount(earlierSize);
        var (place, last) = ((earlierSize - 1) >> levels, (laterSize - 1) >> levels);
        foreach (var sibling in proof.Skip(isPerfect ? 0 : 1))
        {
            if (last == 0)
            {
                return false;
            }

            if (IsRight(place, last))
            {
                MerkleHash.Node(sibling, earlier, earlier);
                MerkleHash.Node(sibling, later, later);
                SkipLevelsWithoutSibling(ref place, ref last);
            }
            else
            {
                MerkleHash.Node(later, sibling, later);
            }

            (place, last) = (place >> 1, last >> 1);
        }

        return last == 0 && earlier.SequenceEqual(earlierRoot) && later.SequenceEqual(laterRoot);
    }

    private static bool AreHashes(IReadOnlyList<byte[]> proof) => proof.All(hash => hash is { Length: MerkleHash.Length });

    private static bool IsRight(long place, long last) => (place & 1) == 1 || place == last;

    /// <summary>At the ragged edge a node goes up as it is until it is a right child.</summary>
    private static void SkipLevelsWithoutSibling(ref long place, ref long last)
    {
        while ((place & 1) == 0 && place != 0)
        {
            (place, last) = (place >> 1, last >> 1);
        }
    }
}
