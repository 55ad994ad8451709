using System.Numerics;
using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// Proofs about a Merkle tree of RFC 6962, lists of hashes: that a leaf is in it (§2.1.1), and that a larger tree
/// begins with it (§2.1.2). They are checked as RFC 9162 §2.1.3.2 and §2.1.4.2 have it; whatever is wrong with one,
/// its length or that of a hash too, it proves nothing.
/// </summary>
internal static class MerkleProof
{
    /// <param name="leaves">Hashes of all leaves.</param>
    /// <param name="index">The leaf's, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such leaf.</exception>
    public static List<byte[]> OfInclusion(ReadOnlySpan<byte[]> leaves, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, leaves.Length);
        List<byte[]> proof = [];
        AddInclusion(leaves, index, proof);
        return proof;
    }

    /// <param name="leaves">Hashes of all leaves of the larger tree.</param>
    /// <param name="size">Leaves of the smaller one.</param>
    /// <exception cref="ArgumentOutOfRangeException">It has none, or more than the larger one.</exception>
    public static List<byte[]> OfConsistency(ReadOnlySpan<byte[]> leaves, int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, leaves.Length);
        List<byte[]> proof = [];
        AddConsistency(leaves, size, isKnown: true, proof);
        return proof;
    }

    public static bool Includes(
        ulong size, ReadOnlySpan<byte> root, ulong index, ReadOnlySpan<byte> leaf, IReadOnlyList<byte[]> proof)
    {
        if (index >= size || !AreHashes(root, leaf, proof))
        {
            return false;
        }

        var (node, last, computed) = (index, size - 1, leaf.ToArray());
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                computed = MerkleHash.OfNode(sibling, computed);
                SkipToRightChild(ref node, ref last);
            }
            else
            {
                computed = MerkleHash.OfNode(computed, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && CryptographicOperations.FixedTimeEquals(computed, root);
    }

    /// <summary>Whether the tree of the second size and root begins with the leaves of the first. An empty tree proves nothing of another.</summary>
    public static bool IsConsistent(
        ulong size, ReadOnlySpan<byte> root, ulong largerSize, ReadOnlySpan<byte> largerRoot, IReadOnlyList<byte[]> proof)
    {
        if (size == largerSize)
        {
            return proof.Count == 0 && AreHashes(root, largerRoot, proof) && CryptographicOperations.FixedTimeEquals(root, largerRoot);
        }

        if (size == 0 || size > largerSize || proof.Count == 0 || !AreHashes(root, largerRoot, proof))
        {
            return false;
        }

        // A smaller tree that is full is a node of the larger one, and its root is not repeated in the proof.
        var rest = BitOperations.IsPow2(size) ? 0 : 1;
        var (node, last) = (size - 1, largerSize - 1);
        var trailing = BitOperations.TrailingZeroCount(~node);
        node >>= trailing;
        last >>= trailing;
        var smaller = rest == 0 ? root.ToArray() : proof[0];
        var larger = smaller;
        foreach (var sibling in proof.Skip(rest))
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                smaller = MerkleHash.OfNode(sibling, smaller);
                larger = MerkleHash.OfNode(sibling, larger);
                SkipToRightChild(ref node, ref last);
            }
            else
            {
                larger = MerkleHash.OfNode(larger, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0
            && CryptographicOperations.FixedTimeEquals(smaller, root)
            && CryptographicOperations.FixedTimeEquals(larger, largerRoot);
    }

    /// <summary>A node without a sibling is passed up as it is, so it takes no hash of the proof.</summary>
    private static void SkipToRightChild(ref ulong node, ref ulong last)
    {
        while ((node & 1) == 0 && node != 0)
        {
            node >>= 1;
            last >>= 1;
        }
    }

    private static bool AreHashes(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other, IReadOnlyList<byte[]> proof) =>
        one.Length == MerkleHash.Length && other.Length == MerkleHash.Length && proof.All(hash => hash.Length == MerkleHash.Length);

    private static void AddInclusion(ReadOnlySpan<byte[]> leaves, int index, List<byte[]> proof)
    {
        if (leaves.Length == 1)
        {
            return;
        }

        var half = LeftHalf(leaves.Length);
        if (index < half)
        {
            AddInclusion(leaves[..half], index, proof);
            proof.Add(RootOf(leaves[half..]));
        }
        else
        {
            AddInclusion(leaves[half..], index - half, proof);
            proof.Add(RootOf(leaves[..half]));
        }
    }

    /// <param name="leaves">Of a subtree.</param>
    /// <param name="size">How many of them the smaller tree has.</param>
    /// <param name="isKnown">Whether the smaller tree's root is that of this subtree, as far as it has come.</param>
    /// <param name="proof">What is added to.</param>
    private static void AddConsistency(ReadOnlySpan<byte[]> leaves, int size, bool isKnown, List<byte[]> proof)
    {
        if (size == leaves.Length)
        {
            if (!isKnown)
            {
                proof.Add(RootOf(leaves));
            }

            return;
        }

        var half = LeftHalf(leaves.Length);
        if (size <= half)
        {
            AddConsistency(leaves[..half], size, isKnown, proof);
            proof.Add(RootOf(leaves[half..]));
        }
        else
        {
            AddConsistency(leaves[half..], size - half, isKnown: false, proof);
            proof.Add(RootOf(leaves[..half]));
        }
    }

    /// <summary>The largest power of two below the number of leaves.</summary>
    private static int LeftHalf(int leaves) => 1 << BitOperations.Log2((uint)(leaves - 1));

    private static byte[] RootOf(ReadOnlySpan<byte[]> leaves)
    {
        var tree = new MerkleTree();
        foreach (var leaf in leaves)
        {
            tree.Append(leaf);
        }

        return tree.Root();
    }
}
