using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Tests.Platform.Auditing;

internal sealed class StreamedProofTests
{
    [Test]
    public async Task It_is_the_proof_of_the_tree_for_every_leaf_of_every_size_up_to_70()
    {
        for (var size = 1; size <= 70; size++)
        {
            var hashes = Enumerable.Range(0, size).Select(i => SHA256.HashData([(byte)i, (byte)size])).ToList();
            var flat = hashes.SelectMany(hash => hash).ToArray();
            for (var index = 0; index < size; index++)
            {
                var proof = await StreamedProof.InclusionAsync(StreamAsync([.. hashes, new byte[32]]), index, size);
                Assert.That(proof, Is.EqualTo(MerkleProof.Inclusion(flat, index)), $"{index} of {size}");
            }
        }
    }

    [Test]
    public void A_tree_with_fewer_leaves_has_none() => Assert.That(
        () => StreamedProof.InclusionAsync(StreamAsync([new byte[32]]), 0, 2), Throws.InvalidOperationException);

    private static async IAsyncEnumerable<byte[]> StreamAsync(IEnumerable<byte[]> hashes)
    {
        foreach (var hash in hashes)
        {
            await Task.Yield();
            yield return hash;
        }
    }
}
