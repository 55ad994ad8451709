using System.Security.Cryptography;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>A token finds one key or none; keys are not tried in turn.</summary>
internal sealed class KeySetTests
{
    private static readonly SignatureAlgorithm Rs256 = SignatureAlgorithm.Find("RS256")!;
    private static readonly SignatureAlgorithm Ps256 = SignatureAlgorithm.Find("PS256")!;
    private static readonly SignatureAlgorithm Es256 = SignatureAlgorithm.Find("ES256")!;
    private static readonly SignatureAlgorithm Es384 = SignatureAlgorithm.Find("ES384")!;

    [Test]
    public void A_hundred_keys_are_read_and_one_more_is_too_many()
    {
        var keys = Enumerable.Range(0, 101).Select(i => Rsa($"{i}")).ToArray();

        Assert.That(Read(keys[..100])!.Count, Is.EqualTo(100));
        Assert.That(Read(keys), Is.Null);
        // The length is looked at first, be the keys of use or not.
        Assert.That(Read([Rsa("good"), .. Enumerable.Repeat<JsonNode?>(1, 100)]), Is.Null);
    }

    [TestCase("{}")]
    [TestCase("{\"keys\":[]}")]
    [TestCase("{\"keys\":{}}")]
    [TestCase("{\"keys\":null}")]
    [TestCase("{\"keys\":\"a\"}")]
    [TestCase("{\"keys\":[1,null,\"a\",[],{}]}")]
    [TestCase("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\",\"kid\":\"a\"}]}")]
    [TestCase("{\"Keys\":[{\"kty\":\"RSA\"}]}")]
    public void A_document_without_a_key_of_use_is_none(string json) =>
        Assert.That(KeySet.TryRead(JoseVectors.Json(JsonNode.Parse(json)!)), Is.Null);

    [Test]
    public void What_is_of_no_use_is_passed_over()
    {
        var keys = Read(
            1, null, "a", new JsonArray(), new JsonObject(), Rsa("weak", bits: 1024), Rsa("enc").With("use", "enc"), Rsa("good"))!;

        Assert.That(keys.Count, Is.EqualTo(1));
        Assert.That(keys.HasId("good"), Is.True);
        Assert.That(keys.HasId("weak"), Is.False);
        Assert.That(keys.Find(Rs256, "weak"), Is.Null);
        Assert.That(keys.Find(Rs256, "enc"), Is.Null);
    }

    [Test]
    public void A_key_is_found_by_its_id_exactly()
    {
        var keys = Read(Rsa("one"), Rsa("two"), Rsa(null))!;

        Assert.That(keys.Find(Rs256, "one")!.KeyId, Is.EqualTo("one"));
        Assert.That(keys.Find(Ps256, "two")!.KeyId, Is.EqualTo("two"));
        Assert.That(keys.Find(Rs256, "One"), Is.Null);
        Assert.That(keys.Find(Rs256, "three"), Is.Null);
        Assert.That(keys.Find(Rs256, ""), Is.Null, "the key without an id has no empty one");
        Assert.That(keys.Find(Es256, "one"), Is.Null);
    }

    [Test]
    public void A_single_key_is_not_found_by_another_id()
    {
        Assert.That(Read(Rsa("one"))!.Find(Rs256, "two"), Is.Null);
        Assert.That(Read(Rsa(null))!.Find(Rs256, "two"), Is.Null);
    }

    [Test]
    public void Two_keys_of_one_id_and_kind_are_none()
    {
        var keys = Read(Rsa("a"), Rsa("a"), Rsa("b"))!;

        Assert.That(keys.Find(Rs256, "a"), Is.Null);
        Assert.That(keys.Find(Rs256, "b"), Is.Not.Null);
        Assert.That(keys.HasId("a"), Is.True, "so that nobody goes to look for it");
        var same = Rsa("a");
        Assert.That(Read(same, same.DeepClone())!.Find(Rs256, "a"), Is.Null);
    }

    [Test]
    public void Keys_of_one_id_are_told_apart_by_kind_and_by_algorithm()
    {
        var keys = Read(Rsa("a").With("alg", "RS256"), Rsa("a").With("alg", "PS256"), Ec("a", "P-256"), Ec("a", "P-384"))!;

        Assert.That(keys.Find(Rs256, "a")!.Algorithm, Is.EqualTo("RS256"));
        Assert.That(keys.Find(Ps256, "a")!.Algorithm, Is.EqualTo("PS256"));
        Assert.That(keys.Find(Es256, "a")!.Fits(Es256), Is.True);
        Assert.That(keys.Find(Es384, "a")!.Fits(Es384), Is.True);
        Assert.That(keys.Find(SignatureAlgorithm.Find("RS512")!, "a"), Is.Null);
        Assert.That(keys.Find(SignatureAlgorithm.Find("ES512")!, "a"), Is.Null);
    }

    [Test]
    public void A_token_without_an_id_finds_the_only_key_that_fits()
    {
        Assert.That(Read(Rsa("a"))!.Find(Rs256, null)!.KeyId, Is.EqualTo("a"));
        Assert.That(Read(Rsa(null))!.Find(Rs256, null), Is.Not.Null);
        var mixed = Read(Rsa("a"), Ec("b", "P-256"), Ec("c", "P-384"))!;
        Assert.That(mixed.Find(Rs256, null)!.KeyId, Is.EqualTo("a"));
        Assert.That(mixed.Find(Es256, null)!.KeyId, Is.EqualTo("b"));
        Assert.That(Read(Rsa("a"), Rsa("b"))!.Find(Rs256, null), Is.Null);
        var forRs256 = Rsa("a").With("alg", "RS256");
        Assert.That(Read(forRs256, Rsa("b").With("alg", "PS256"))!.Find(Rs256, null)!.KeyId, Is.EqualTo("a"));
        Assert.That(Read(forRs256, Rsa("b"))!.Find(Rs256, null), Is.Null, "the second could be meant too");
    }

    [Test]
    public void A_key_is_the_same_only_for_the_same_use()
    {
        var key = Rsa("a");
        var read = key.Read()!;

        Assert.That(Read(Rsa("b"), key)!.Contains(read), Is.True);
        Assert.That(Read(key.With("use", "sig"))!.Contains(read), Is.True);
        Assert.That(Read(key.With("kid", "b"))!.Contains(read), Is.False);
        Assert.That(Read(key.With("alg", "RS256"))!.Contains(read), Is.False);
        Assert.That(Read(Rsa("a"))!.Contains(read), Is.False);
    }

    private static JsonObject Rsa(string? id, int bits = 2048) => WithId(Jwk.Rsa(Jwk.ModulusOf(bits)), id);

    private static JsonObject Ec(string id, string curve)
    {
        using var key = ECDsa.Create(curve == "P-256" ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384);
        return WithId(Jwk.Of(key, curve), id);
    }

    private static JsonObject WithId(JsonObject key, string? id) => id is null ? key : key.With("kid", id);

    private static KeySet? Read(params JsonNode?[] keys) => KeySet.TryRead(JoseVectors.Json(
        new JsonObject { ["keys"] = new JsonArray([.. keys.Select(key => key?.DeepClone())]) }));
}
