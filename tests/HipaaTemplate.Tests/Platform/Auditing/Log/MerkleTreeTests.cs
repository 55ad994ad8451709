using System.Numerics;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Tests.Platform.Auditing.Log;

/// <summary>The tree that grows is the tree of the standard, and its proofs hold for what they are of and for nothing else.</summary>
internal sealed class MerkleTreeTests
{
    private const int Largest = 70;

    /// <summary>Leaves and roots that the tests of Certificate Transparency have always used.</summary>
    private static readonly (string Leaf, string Root)[] Known =
    [
        ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
        ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
        ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
        ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ];

    [Test]
    public void A_tree_without_leaves_has_the_hash_of_nothing_as_its_root() => Assert.That(
        Convert.ToHexStringLower(new MerkleTree().Root()),
        Is.EqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));

    [Test]
    public void Its_roots_are_those_of_certificate_transparency()
    {
        var tree = new MerkleTree();
        foreach (var (leaf, root) in Known)
        {
            tree.Append(MerkleHash.OfLeaf(Convert.FromHexString(leaf)));
            Assert.That(Convert.ToHexStringLower(tree.Root()), Is.EqualTo(root));
        }
    }

    [Test]
    public void A_long_leaf_is_hashed_like_a_short_one([Values(1023, 1024, 5000)] int length)
    {
        var leaf = new byte[length];
        Assert.That(MerkleHash.OfLeaf(leaf), Is.EqualTo(System.Security.Cryptography.SHA256.HashData([0, .. leaf])));
    }

    [Test]
    public void It_goes_on_from_what_was_stored()
    {
        var leaves = Leaves(Largest);
        var tree = new MerkleTree();
        foreach (var leaf in leaves)
        {
            var restored = new MerkleTree(tree.Size, tree.Subtrees);
            tree.Append(leaf);
            restored.Append(leaf);
            Assert.That(restored.Root(), Is.EqualTo(tree.Root()));
            Assert.That(tree.Subtrees, Has.Count.EqualTo(BitOperations.PopCount(tree.Size)));
        }
    }

    [Test]
    public void What_was_stored_must_be_of_its_size() => Assert.Multiple(() =>
    {
        Assert.That(() => new MerkleTree(3, [new byte[32]]), Throws.ArgumentException);
        Assert.That(() => new MerkleTree(1, [new byte[31]]), Throws.ArgumentException);
    });

    [Test]
    public void Every_leaf_is_proved_by_its_own_proof_alone()
    {
        for (var size = 1; size <= Largest; size++)
        {
            var (leaves, root) = (Leaves(size), RootOf(size));
            for (var index = 0; index < size; index++)
            {
                var proof = MerkleProof.OfInclusion(leaves, index);
                Assert.That(MerkleProof.Includes((ulong)size, root, (ulong)index, leaves[index], proof));
                var other = (index + 1) % size;
                Assert.That(
                    MerkleProof.Includes((ulong)size, root, (ulong)other, leaves[index], proof), Is.EqualTo(other == index), "another place");
                Assert.That(MerkleProof.Includes((ulong)size, root, (ulong)index, MerkleHash.OfLeaf([9, 9]), proof), Is.False);
                AssertChangesAreSeen(proof, changed => MerkleProof.Includes((ulong)size, root, (ulong)index, leaves[index], changed));
            }
        }
    }

    [Test]
    public void A_larger_tree_is_proved_to_begin_with_each_smaller_one()
    {
        for (var size = 1; size <= Largest; size++)
        {
            for (var smaller = 1; smaller <= size; smaller++)
            {
                var (root, largerRoot) = (RootOf(smaller), RootOf(size));
                var proof = MerkleProof.OfConsistency(Leaves(size), smaller);
                Assert.That(MerkleProof.IsConsistent((ulong)smaller, root, (ulong)size, largerRoot, proof));
                Assert.That(MerkleProof.IsConsistent((ulong)smaller, MerkleHash.OfLeaf([9]), (ulong)size, largerRoot, proof), Is.False);
                Assert.That(MerkleProof.IsConsistent((ulong)smaller, root, (ulong)size, MerkleHash.OfLeaf([9]), proof), Is.False);
                AssertChangesAreSeen(proof, changed => MerkleProof.IsConsistent((ulong)smaller, root, (ulong)size, largerRoot, changed));
            }
        }
    }

    [Test]
    public void A_tree_that_forked_is_not_consistent([Values(4, 7, 8, 13)] int size)
    {
        var forked = Leaves(Largest);
        forked[size - 1] = MerkleHash.OfLeaf([9]);
        var tree = new MerkleTree();
        Array.ForEach(forked, tree.Append);

        Assert.That(MerkleProof.IsConsistent(
            (ulong)size, RootOf(size), tree.Size, tree.Root(), MerkleProof.OfConsistency(forked, size)), Is.False);
    }

    [Test]
    public void There_is_no_proof_of_what_is_not_there() => Assert.Multiple(() =>
    {
        Assert.That(() => MerkleProof.OfInclusion(Leaves(3), 3), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => MerkleProof.OfInclusion(Leaves(3), -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => MerkleProof.OfConsistency(Leaves(3), 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => MerkleProof.OfConsistency(Leaves(3), 4), Throws.InstanceOf<ArgumentOutOfRangeException>());
    });

    private static void AssertChangesAreSeen(List<byte[]> proof, Func<List<byte[]>, bool> verify)
    {
        Assert.That(verify([.. proof, new byte[32]]), Is.False, "one hash more");
        for (var i = 0; i < proof.Count; i++)
        {
            byte[] flipped = [.. proof[i]];
            flipped[i % flipped.Length] ^= 1;
            Assert.That(verify([.. proof[..i], flipped, .. proof[(i + 1)..]]), Is.False, "one bit");
            Assert.That(verify([.. proof[..i], proof[i][1..], .. proof[(i + 1)..]]), Is.False, "one byte less");
            Assert.That(verify([.. proof[..i], .. proof[(i + 1)..]]), Is.False, "one hash less");
        }
    }

    private static byte[][] Leaves(int count) => [.. Enumerable.Range(0, count).Select(i => MerkleHash.OfLeaf([(byte)i]))];

    private static byte[] RootOf(int size)
    {
        var tree = new MerkleTree();
        Array.ForEach(Leaves(size), tree.Append);
        return tree.Root();
    }
}
