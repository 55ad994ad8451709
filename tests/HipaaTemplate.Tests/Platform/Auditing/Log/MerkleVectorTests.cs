using System.Text.Json;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Tests.Platform.Auditing.Log;

/// <summary>Proofs that transparency-dev/merkle made and broke.</summary>
internal sealed class MerkleVectorTests
{
    [TestCase("inclusion", 98)]
    [TestCase("consistency", 98)]
    public void Published_proofs(string kind, int cases)
    {
        var folder = Path.Combine(VectorFolder.Of("merkle", cases), "testdata", kind);
        var count = 0;
        Assert.Multiple(() =>
        {
            foreach (var file in Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories))
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(file));
                var test = document.RootElement;
                Assert.That(
                    kind == "inclusion" ? IsIncluded(test) : IsConsistent(test),
                    Is.Not.EqualTo(test.GetProperty("wantErr").GetBoolean()),
                    Path.GetRelativePath(folder, file));
                count++;
            }
        });

        Assert.That(count, Is.EqualTo(cases));
        TestContext.Progress.WriteLine($"RFC 6962 {kind} proofs: {count} cases passed");
    }

    private static bool IsIncluded(JsonElement test) => MerkleVerifier.IsIncluded(
        Number(test, "leafIdx"), Number(test, "treeSize"), Bytes(test, "leafHash"), Proof(test), Bytes(test, "root"));

    private static bool IsConsistent(JsonElement test) => MerkleVerifier.IsConsistent(
        Number(test, "size1"), Bytes(test, "root1"), Number(test, "size2"), Bytes(test, "root2"), Proof(test));

    /// <summary>Theirs are unsigned: the largest become negative, and are refused as that.</summary>
    private static long Number(JsonElement test, string name) => unchecked((long)test.GetProperty(name).GetUInt64());

    private static byte[] Bytes(JsonElement test, string name) => test.GetProperty(name).GetBytesFromBase64();

    private static byte[][] Proof(JsonElement test) => test.GetProperty("proof") is { ValueKind: JsonValueKind.Array } proof
        ? [.. proof.EnumerateArray().Select(hash => hash.GetBytesFromBase64())]
        : [];
}
