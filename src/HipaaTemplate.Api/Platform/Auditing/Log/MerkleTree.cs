using System.Numerics;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// A Merkle tree (RFC 6962 §2.1) that grows by one leaf at a time. It keeps only the roots of its full subtrees, at
/// most 64 of them whatever its size, which is also what has to be stored to go on with it later.
/// </summary>
internal sealed class MerkleTree
{
    /// <summary>Roots of full subtrees, the largest first: one for each bit of the size that is set.</summary>
    private readonly List<byte[]> subtrees;

    public MerkleTree()
        : this(0, [])
    {
    }

    /// <param name="size">Leaves.</param>
    /// <param name="subtrees">What <see cref="Subtrees"/> was at that size.</param>
    /// <exception cref="ArgumentException">No tree of this size has that many subtrees, or one is no hash.</exception>
    public MerkleTree(ulong size, IEnumerable<byte[]> subtrees)
    {
        Size = size;
        this.subtrees = [.. subtrees];
        if (this.subtrees.Count != BitOperations.PopCount(size) || this.subtrees.Exists(root => root.Length != MerkleHash.Length))
        {
            throw new ArgumentException("These are not the subtrees of a tree of that size.", nameof(subtrees));
        }
    }

    /// <summary>Leaves.</summary>
    public ulong Size { get; private set; }

    public IReadOnlyList<byte[]> Subtrees => subtrees;

    public void Append(byte[] leafHash)
    {
        var root = leafHash;
        // Each subtree that the new one is as large as becomes its left half.
        for (var rest = Size; (rest & 1) == 1; rest >>= 1)
        {
            root = MerkleHash.OfNode(subtrees[^1], root);
            subtrees.RemoveAt(subtrees.Count - 1);
        }

        subtrees.Add(root);
        Size++;
    }

    public byte[] Root()
    {
        if (subtrees.Count == 0)
        {
            return MerkleHash.OfNothing();
        }

        var root = subtrees[^1];
        for (var i = subtrees.Count - 2; i >= 0; i--)
        {
            root = MerkleHash.OfNode(subtrees[i], root);
        }

        return root;
    }
}
