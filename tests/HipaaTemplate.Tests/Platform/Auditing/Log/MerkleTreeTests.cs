using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Tests.Platform.Auditing.Log;

/// <summary>The tree against values that others computed, and against the definition in RFC 6962 §2.1.</summary>
internal sealed class MerkleTreeTests
{
    /// <summary>The leaves that the tests of Certificate Transparency have used from the beginning.</summary>
    private static readonly string[] KnownLeaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    [TestCase(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [TestCase(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [TestCase(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [TestCase(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [TestCase(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [TestCase(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [TestCase(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [TestCase(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [TestCase(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void The_known_roots(int size, string root)
    {
        var tree = new MerkleTree();
        foreach (var leaf in KnownLeaves.Take(size))
        {
            tree.Append(LeafOf(Convert.FromHexString(leaf)));
        }

        Assert.That((tree.Size, Convert.ToHexStringLower(tree.Root())), Is.EqualTo((size, root)));
    }

    [TestCase(1_022)]
    [TestCase(1_023)]
    [TestCase(1_024)]
    [TestCase(100_000)]
    public void A_leaf_of_any_length_is_hashed_whole(int length)
    {
        var data = RandomNumberGenerator.GetBytes(length);
        Assert.That(LeafOf(data), Is.EqualTo(SHA256.HashData([0, .. data])));
    }

    [Test]
    public void Saved_and_restored_at_any_size_it_grows_to_the_root_of_the_definition()
    {
        var leaves = Leaves(300);
        var tree = new MerkleTree();
        for (var size = 0; size <= 300; size++)
        {
            Assert.That(tree.Root(), Is.EqualTo(Definition(leaves.AsSpan(..(size * MerkleHash.Length)))), $"size {size}");
            Assert.That(MerkleTree.TryRestore(tree.Size, tree.Save(), out var restored), Is.True);
            tree = restored!;
            if (size < 300)
            {
                tree.Append(leaves.AsSpan(size * MerkleHash.Length, MerkleHash.Length));
            }
        }
    }

    [Test]
    public void What_no_tree_saved_is_not_restored()
    {
        var hash = new byte[MerkleHash.Length];
        Assert.Multiple(() =>
        {
            Assert.That(MerkleTree.TryRestore(-1, [.. Enumerable.Repeat(hash, 64)], out _), Is.False);
            Assert.That(MerkleTree.TryRestore(0, [hash], out _), Is.False);
            Assert.That(MerkleTree.TryRestore(3, [hash], out _), Is.False);
            Assert.That(MerkleTree.TryRestore(4, [hash, hash], out _), Is.False);
            Assert.That(MerkleTree.TryRestore(1, [hash[1..]], out _), Is.False);
            Assert.That(MerkleTree.TryRestore(1, [null!], out _), Is.False);
        });
    }

    [Test]
    public void The_largest_tree_takes_no_further_leaf()
    {
        Assert.That(
            MerkleTree.TryRestore(long.MaxValue, [.. Enumerable.Repeat(new byte[MerkleHash.Length], 63)], out var tree), Is.True);
        var root = tree!.Root();
        Assert.Multiple(() =>
        {
            Assert.That(() => tree.Append(new byte[MerkleHash.Length]), Throws.InstanceOf<OverflowException>());
            Assert.That((tree.Size, tree.Root()), Is.EqualTo((long.MaxValue, root)));
        });
    }

    [Test]
    public void What_is_no_hash_is_not_appended() =>
        Assert.That(() => new MerkleTree().Append(new byte[MerkleHash.Length - 1]), Throws.ArgumentException);

    [Test]
    public void Appending_allocates_next_to_nothing()
    {
        var tree = new MerkleTree();
        var leaf = new byte[MerkleHash.Length];
        tree.Append(leaf);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < 100_000; count++)
        {
            tree.Append(leaf);
            tree.WriteRoot(leaf);
        }

        // The room for more than eight, and then more than sixteen, subtrees.
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(2_000));
    }

    internal static byte[] LeafOf(ReadOnlySpan<byte> data)
    {
        var hash = new byte[MerkleHash.Length];
        MerkleHash.Leaf(data, hash);
        return hash;
    }

    /// <summary>Leaf hashes, one after the other.</summary>
    internal static byte[] Leaves(int count) => RandomNumberGenerator.GetBytes(count * MerkleHash.Length);

    /// <summary>MTH of RFC 6962 §2.1 as it is written there, but from leaf hashes.</summary>
    private static byte[] Definition(ReadOnlySpan<byte> leaves)
    {
        var count = leaves.Length / MerkleHash.Length;
        if (count <= 1)
        {
            return count == 0 ? SHA256.HashData([]) : leaves.ToArray();
        }

        var half = 1;
        while (2 * half < count)
        {
            half *= 2;
        }

        return SHA256.HashData(
            [1, .. Definition(leaves[..(half * MerkleHash.Length)]), .. Definition(leaves[(half * MerkleHash.Length)..])]);
    }
}
