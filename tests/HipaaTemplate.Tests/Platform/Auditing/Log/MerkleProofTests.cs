using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Tests.Platform.Auditing.Log;

/// <summary>Every proof of every tree of up to a hundred leaves, and each of them altered.</summary>
internal sealed class MerkleProofTests
{
    private const int Largest = 100;
    private static readonly byte[] Leaves = MerkleTreeTests.Leaves(Largest);
    private static readonly byte[][] Roots = [.. Enumerable.Range(0, Largest + 1).Select(size => MerkleProof.RootOf(First(size)))];

    [Test]
    public void Every_leaf_is_included_and_nothing_altered_is()
    {
        var random = TestContext.CurrentContext.Random;
        foreach (var (index, size) in Pairs(0, -1))
        {
            var proof = MerkleProof.Inclusion(First(size), index);
            var leaf = Leaf(index).ToArray();
            bool Holds(long index, long size, byte[] leaf, byte[][] proof, byte[] root) =>
                MerkleVerifier.IsIncluded(index, size, leaf, proof, root);

            Assert.That(Holds(index, size, leaf, proof, Roots[size]), Is.True, $"{index} of {size}");
            var altered = Holds(index, size, Flipped(leaf, random), proof, Roots[size])
                || Holds(index, size, leaf, proof, Flipped(Roots[size], random))
                || Holds(index, size, leaf[1..], proof, Roots[size])
                || Holds(index, size, leaf, proof, Roots[size][1..])
                || Holds(-1, size, leaf, proof, Roots[size])
                || Holds(index, -size, leaf, proof, Roots[size])
                || Enumerable.Range(0, size + 1).Any(other => other != index && Holds(other, size, leaf, proof, Roots[size]))
                || AlteredProofs(proof, random).Any(other => Holds(index, size, leaf, other, Roots[size]));
            Assert.That(altered, Is.False, $"{index} of {size}");
        }
    }

    /// <summary>
    /// A proof fixes only the way up, which some sizes share; so another size is refused with that size's own root.
    /// </summary>
    [Test]
    public void Of_another_size_and_its_root_nothing_is_included()
    {
        foreach (var (index, size) in Pairs(0, -1))
        {
            var proof = MerkleProof.Inclusion(First(size), index);
            Assert.That(
                Enumerable.Range(0, Largest + 1).Where(other => other != size)
                    .Any(other => MerkleVerifier.IsIncluded(index, other, Leaf(index), proof, Roots[other])),
                Is.False, $"{index} of {size}");
        }
    }

    [Test]
    public void Every_tree_is_the_beginning_of_every_larger_one_and_of_nothing_altered()
    {
        var random = TestContext.CurrentContext.Random;
        foreach (var (earlier, later) in Pairs(1, 0))
        {
            var proof = MerkleProof.Consistency(First(later), earlier);
            bool Holds(long earlier, byte[] earlierRoot, long later, byte[] laterRoot, byte[][] proof) =>
                MerkleVerifier.IsConsistent(earlier, earlierRoot, later, laterRoot, proof);

            Assert.That(Holds(earlier, Roots[earlier], later, Roots[later], proof), Is.True, $"{earlier} of {later}");
            var altered = Holds(earlier, Flipped(Roots[earlier], random), later, Roots[later], proof)
                || Holds(earlier, Roots[earlier], later, Flipped(Roots[later], random), proof)
                || (earlier != later && Holds(earlier, Roots[earlier][1..], later, Roots[later], proof))
                || Holds(earlier, Roots[earlier], later, Roots[later][1..], proof)
                || Holds(-earlier, Roots[earlier], later, Roots[later], proof)
                || (earlier != later && Holds(later, Roots[later], earlier, Roots[earlier], proof))
                || Enumerable.Range(0, Largest + 1).Any(other =>
                    (other != earlier && Holds(other, Roots[other], later, Roots[later], proof))
                    || (other != later && Holds(earlier, Roots[earlier], other, Roots[other], proof)))
                || AlteredProofs(proof, random).Any(other => Holds(earlier, Roots[earlier], later, Roots[later], other));
            Assert.That(altered, Is.False, $"{earlier} of {later}");
        }
    }

    [Test]
    public void A_proof_of_what_is_not_there_is_not_made() => Assert.Multiple(() =>
    {
        Assert.That(() => MerkleProof.Inclusion(First(3), -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => MerkleProof.Inclusion(First(3), 3), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => MerkleProof.Consistency(First(3), 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => MerkleProof.Consistency(First(3), 4), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => MerkleProof.RootOf(new byte[33]), Throws.ArgumentException);
    });

    private static IEnumerable<(int Lesser, int Size)> Pairs(int least, int upTo) =>
        from size in Enumerable.Range(1, Largest)
        from lesser in Enumerable.Range(least, size + upTo - least + 1)
        select (lesser, size);

    private static IEnumerable<byte[][]> AlteredProofs(byte[][] proof, Random random)
    {
        yield return [.. proof, new byte[MerkleHash.Length]];
        yield return [new byte[MerkleHash.Length], .. proof];
        for (var at = 0; at < proof.Length; at++)
        {
            byte[][] before = [.. proof.Take(at)];
            byte[][] after = [.. proof.Skip(at + 1)];
            yield return [.. before, Flipped(proof[at], random), .. after];
            yield return [.. before, .. after];
            yield return [.. before, proof[at].AsSpan(1).ToArray(), .. after];
            yield return [.. before, (byte[])null!, .. after];
            yield return [.. before, proof[at], proof[at], .. after];
        }
    }

    private static byte[] Flipped(byte[] bytes, Random random)
    {
        var changed = bytes.ToArray();
        changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
        return changed;
    }

    private static ReadOnlySpan<byte> First(int size) => Leaves.AsSpan(..(size * MerkleHash.Length));

    private static ReadOnlySpan<byte> Leaf(int index) => Leaves.AsSpan(index * MerkleHash.Length, MerkleHash.Length);
}
