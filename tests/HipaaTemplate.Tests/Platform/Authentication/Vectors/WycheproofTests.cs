using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Authentication.Tokens;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>
/// Signatures and keys that the Wycheproof project (C2SP, Apache-2.0) made to catch libraries out: no bad one
/// is believed, and each good one that is refused stands here with the reason. Not through HTTP: the payloads
/// are no claims, so that every one of them would be refused for the wrong reason.
/// </summary>
[Hipaa(Citations.Authentication)]
internal sealed class WycheproofTests
{
    private const string Set = "wycheproof-jwt";
    private const string Signatures = "json_web_signature_test.json";
    private const string Keys = "json_web_key_test.json";
    private const string Both = "json_web_crypto_test.json";
    private const string Encryption = "json_web_encryption_test.json";

    private const string Hmac = "a key that verifies must not be able to sign";

    /// <summary>Good by the file, refused here.</summary>
    private static readonly (string File, int[] Cases, TokenRefusal Refusal, string Because)[] GoodButRefused =
    [
        (Signatures, [1, 348, 352, 357, 358, 359, 376, 377], TokenRefusal.AlgorithmUnknown, Hmac),
        (Keys, [2, 13, 14, 15], TokenRefusal.AlgorithmUnknown, Hmac),
        (Both, [1, 48], TokenRefusal.AlgorithmUnknown, Hmac),
        (Signatures, [372, 373], TokenRefusal.NotCompact,
            "a character that is not of the alphabet: who drops it has two spellings of one token (RFC 7515 §2)"),
        (Signatures, [346, 350], TokenRefusal.KeyUnknown, "the key says that it is for PS256 and the signature is PS384"),
        (Signatures, [347, 351], TokenRefusal.KeyUnknown, "the key says that it is for ES521; there is no such algorithm"),
    ];

    /// <summary>Bad by the file, though nothing tells them from a good one: defects of the file.</summary>
    private static readonly Dictionary<int, int> TwinsOfGoodOnes = new() { [367] = 357, [370] = 357 };

    [TestCase(Signatures, 401)]
    [TestCase(Keys, 26)]
    [TestCase(Both, 49)]
    public void No_bad_signature_is_believed_and_good_ones_are_refused_only_for_a_reason(string file, int cases)
    {
        var judged = Read(file, cases)
            .Select(one => (Case: one, Refusal: JoseVectors.Judge(one.Text, JoseVectors.PublicKeys(one.Keys)))).ToList();
        var good = judged.Where(one => one.Case.IsGood).ToList();
        var bad = judged.Where(one => !one.Case.IsGood).ToList();
        var excused = GoodButRefused.Where(line => line.File == file)
            .SelectMany(line => line.Cases, (line, id) => (Id: id, Refusal: (TokenRefusal?)line.Refusal));

        TestContext.Progress.WriteLine(
            $"{file}: {good.Count(one => one.Refusal is null)} of {good.Count} good signatures believed, "
            + $"{bad.Count(one => one.Refusal is not null)} of {bad.Count} bad ones refused "
            + $"({string.Join(", ", bad.CountBy(one => $"{one.Refusal}").Select(count => $"{count.Key} {count.Value}"))}).");
        Assert.Multiple(() =>
        {
            Assert.That(judged, Has.Count.EqualTo(cases));
            Assert.That(bad.Where(one => one.Refusal is null).Select(one => one.Case.ToString()), Is.Empty);
            Assert.That(
                good.Where(one => one.Refusal is not null).Select(one => (one.Case.Id, one.Refusal)), Is.EquivalentTo(excused),
                "A line too many, or one too few, in GoodButRefused.");
        });
    }

    [Test]
    public void What_its_authors_hold_against_base64_is_seen_in_the_base64()
    {
        // All of that group are HMAC, and so refused anyway; here it matters that the spelling is enough.
        var group = Read(Signatures, 21).Where(one => one.Group == "base64").ToList();
        int[] sound = [357, 358, 359, 376, 377, .. TwinsOfGoodOnes.Keys];

        Assert.That(group, Has.Count.EqualTo(21));
        foreach (var one in group)
        {
            var expected = sound.Contains(one.Id) ? TokenRefusal.AlgorithmUnknown : TokenRefusal.NotCompact;
            Assert.That(JoseVectors.Judge(one.Text, null), Is.EqualTo(expected), one.ToString());
        }
    }

    [Test]
    public void Two_bad_ones_are_byte_for_byte_a_good_one()
    {
        // They are refused here, but for their algorithm. Whoever comes to accept that has to know why they are believed.
        var byId = Read(Signatures, TwinsOfGoodOnes.Count).ToDictionary(one => one.Id);
        foreach (var (bad, good) in TwinsOfGoodOnes)
        {
            Assert.Multiple(() =>
            {
                Assert.That(byId[bad].IsGood, Is.False);
                Assert.That(byId[good].IsGood, Is.True);
                Assert.That(Encoding.UTF8.GetBytes(byId[bad].Text), Is.EqualTo(Encoding.UTF8.GetBytes(byId[good].Text)));
                Assert.That(JsonNode.DeepEquals(byId[bad].Keys, byId[good].Keys), Is.True);
            });
        }
    }

    [TestCase(Signatures, 346, "alg")]
    [TestCase(Signatures, 347, "alg")]
    [TestCase(Signatures, 350, "alg")]
    [TestCase(Signatures, 351, "alg")]
    [TestCase(Signatures, 353, "use")]
    [TestCase(Signatures, 354, "use")]
    [TestCase(Signatures, 355, "key_ops")]
    [TestCase(Signatures, 356, "key_ops")]
    [TestCase(Keys, 6, "use", "alg")]
    [TestCase(Keys, 19, "alg")]
    [TestCase(Keys, 20, "alg")]
    [TestCase(Keys, 21, "use")]
    public void Nothing_but_what_the_key_says_that_it_is_for_speaks_against_a_signature(
        string file, int id, params string[] members)
    {
        var one = Read(file, 1).Single(one => one.Id == id);
        var key = (one.Keys["keys"] is JsonArray keys ? keys.Single()! : one.Keys).AsObject();
        var silent = members.Aggregate(key, Jwk.Without);

        Assert.That(JoseVectors.Judge(one.Text, JoseVectors.PublicKeys(key)), Is.EqualTo(TokenRefusal.KeyUnknown));
        Assert.That(JoseVectors.Judge(one.Text, JoseVectors.PublicKeys(silent)), Is.Null);
    }

    [TestCase("jws_rsa_roca_key")]
    [TestCase("keysize_too_small")]
    [TestCase("exponentOne")]
    public void A_weak_key_is_refused_though_its_signature_is_good(string group)
    {
        var one = Read(Keys, 1).Single(one => one.Group == group);
        var key = one.Keys["keys"]!.AsArray().Single()!;
        var (modulus, exponent) = (NumberOf(key, "n"), NumberOf(key, "e"));
        var signature = new BigInteger(Decode(one.Text[(one.Text.LastIndexOf('.') + 1)..]), isUnsigned: true, isBigEndian: true);

        // RFC 8017 §8.2.2 by hand: a platform may itself refuse the one or the other of these keys.
        var encoded = BigInteger.ModPow(signature, exponent, modulus).ToByteArray(isUnsigned: true, isBigEndian: true);
        var digest = SHA256.HashData(Encoding.ASCII.GetBytes(one.Text[..one.Text.LastIndexOf('.')]));

        Assert.That(encoded[..2], Is.EqualTo(new byte[] { 1, 0xFF }));
        Assert.That(encoded[^digest.Length..], Is.EqualTo(digest));
        Assert.That(JoseVectors.PublicKeys(one.Keys), Is.Null);
    }

    [TestCase(Encryption, 139)]
    [TestCase(Both, 34)]
    public void No_encrypted_token_is_read_be_it_good(string file, int cases)
    {
        // Nobody asked for them; a second way to carry claims is a second way to be wrong.
        var encrypted = Read(file, cases, "jwe");

        Assert.That(encrypted, Has.Count.EqualTo(cases));
        Assert.That(encrypted.Count(one => one.IsGood), Is.Positive);
        Assert.That(
            encrypted.Where(one => JoseVectors.Judge(one.Text, null) != TokenRefusal.NotCompact).Select(one => one.ToString()),
            Is.Empty);
    }

    /// <summary>The cases of a file that have something of the kind.</summary>
    private static List<Case> Read(string file, int cases, string kind = "jws") =>
    [
        .. from node in JoseVectors.Read(Set, file, cases)["testGroups"]!.AsArray()
           let keys = node["public"] ?? node["private"]
           from test in node["tests"]!.AsArray()
           // What is no string is a JSON serialization; its text is given as it stands.
           let token = test[kind]
           where token is not null
           select new Case(
               (int)test["tcId"]!,
               (string)node["comment"]!,
               (string)test["comment"]!,
               token is JsonValue ? (string)token! : token.ToJsonString(),
               keys,
               (string)test["result"]! == "valid"),
    ];

    private static BigInteger NumberOf(JsonNode key, string name) =>
        new(Decode((string)key[name]!), isUnsigned: true, isBigEndian: true);

    private static byte[] Decode(string text) => Base64Url.DecodeFromChars(text);

    private sealed record Case(int Id, string Group, string Comment, string Text, JsonNode Keys, bool IsGood)
    {
        /// <summary>For messages: nothing of the token.</summary>
        public override string ToString() => $"{Id} {Group} {Comment}";
    }
}
