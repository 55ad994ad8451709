using System.Text.Json;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Tests.Harness;

namespace HipaaTemplate.Tests.Platform.Auditing.Log;

/// <summary>Proofs, good and bad, that the implementers of transparency logs check theirs with.</summary>
internal sealed class MerkleVectorTests
{
    /// <summary>Valid there; refused here, because its roots are words and no hashes.</summary>
    private const string WithoutHashes = "sizes-are-equal-one-and-proof-is-empty.json";

    [Test]
    public void Proofs_of_inclusion() => Check("inclusion", 98, test => MerkleProof.Includes(
        Size(test, "treeSize"), Hash(test, "root"), Size(test, "leafIdx"), Hash(test, "leafHash"), Proof(test)));

    [Test]
    public void Proofs_of_consistency() => Check("consistency", 98, test => MerkleProof.IsConsistent(
        Size(test, "size1"), Hash(test, "root1"), Size(test, "size2"), Hash(test, "root2"), Proof(test)));

    private static void Check(string kind, int cases, Func<JsonElement, bool> verify)
    {
        var files = Directory.GetFiles(
            Path.Combine(VectorFolder.Of("merkle", cases), "testdata", kind), "*.json", SearchOption.AllDirectories);
        Assert.Multiple(() =>
        {
            foreach (var file in files)
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(file));
                var test = document.RootElement;
                Assert.That(verify(test), Is.EqualTo(!test.GetProperty("wantErr").GetBoolean() && Path.GetFileName(file) != WithoutHashes), file);
            }
        });
        Assert.That(files, Has.Length.EqualTo(cases));
        TestContext.Progress.WriteLine($"RFC 6962 {kind}: {files.Length} cases passed");
    }

    private static ulong Size(JsonElement test, string name) => test.GetProperty(name).GetUInt64();

    private static byte[] Hash(JsonElement test, string name) => Convert.FromBase64String(test.GetProperty(name).GetString() ?? "");

    private static List<byte[]> Proof(JsonElement test) => test.GetProperty("proof") is { ValueKind: JsonValueKind.Array } proof
        ? [.. proof.EnumerateArray().Select(hash => Convert.FromBase64String(hash.GetString()!))]
        : [];
}
