using System.Buffers.Text;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Authentication.Tokens;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>
/// The examples of RFC 7520 and RFC 7797, from the cookbook of the working group that wrote JOSE: what is in
/// our scope is believed as it stands and with no bit changed; what is not is refused.
/// </summary>
internal sealed class Rfc7520Tests
{
    private const string Set = "jose-cookbook";

    private const string Rs256 = "jws/4_1.rsa_v15_signature.json";
    private const string Ps384 = "jws/4_2.rsa-pss_signature.json";
    private const string Es512 = "jws/4_3.ecdsa_signature.json";
    private const string Nested = "6.nesting_signatures_and_encryption.json";
    private const string EcKey = "jwk/3_1.ec_public_key.json";
    private const string RsaKey = "jwk/3_3.rsa_public_key.json";
    private const string Several = "jws/4_8.multiple_signatures.json";

    /// <summary>Files with a compact form that is refused, and why nobody misses it.</summary>
    private static readonly Dictionary<string, (TokenRefusal Refusal, string Because)> OutOfScope = new()
    {
        ["jws/4_4.hmac-sha2_integrity_protection.json"] =
            (TokenRefusal.AlgorithmUnknown, "HMAC: a key that verifies must not be able to sign"),
        ["jws/4_5.signature_with_detached_content.json"] =
            (TokenRefusal.AlgorithmUnknown, "HMAC, and a token without its claims says nothing"),
        ["curve25519/jws.json"] =
            (TokenRefusal.AlgorithmUnknown, "EdDSA (RFC 8037): the framework has no Ed25519"),
        ["rfc7797/hmac-sha2_b64_false.json"] =
            (TokenRefusal.NotCompact, "a payload that is not base64url could hold anything, dots too"),
    };

    /// <summary>Files whose signature has no compact form.</summary>
    private static readonly string[] OnlyJson =
    [
        "jws/4_6.protecting_specific_header_fields.json", "jws/4_7.protecting_content_only.json", Several,
        "rfc7797/4.2.hmac-sha2_b64_false.json",
    ];

    [TestCase(Rs256, "RS256", RsaKey, EcKey)]
    [TestCase(Ps384, "PS384", RsaKey, EcKey)]
    [TestCase(Es512, "ES512", EcKey, RsaKey)]
    public void A_compact_signature_is_believed_under_its_key(string file, string algorithm, string keyFile, string otherFile)
    {
        var (text, keys) = Read(file);
        CompactToken.TryRead(text, mayBringKey: false, out var token);

        Assert.That(token!.Algorithm.Name, Is.EqualTo(algorithm));
        Assert.That(JoseVectors.Judge(text, keys), Is.Null);
        Assert.That(JoseVectors.Judge(text, JoseVectors.PublicKeys(JoseVectors.Read(Set, keyFile, 1))), Is.Null);
        Assert.That(
            JoseVectors.Judge(text, JoseVectors.PublicKeys(JoseVectors.Read(Set, otherFile, 1))),
            Is.EqualTo(TokenRefusal.KeyUnknown), "the other has the same id");
    }

    [Test]
    public void A_token_inside_an_encrypted_one_is_believed_once_it_is_out()
    {
        var example = JoseVectors.Read(Set, Nested, 1);
        var keys = JoseVectors.PublicKeys(example["sign"]!["input"]!["key"]!);

        Assert.That(JoseVectors.Judge((string)example["sign"]!["output"]!["compact"]!, keys), Is.Null);
        Assert.That(
            JoseVectors.Judge((string)example["encrypt"]!["output"]!["compact"]!, keys), Is.EqualTo(TokenRefusal.NotCompact));
    }

    [TestCase(Rs256)]
    [TestCase(Ps384)]
    [TestCase(Es512)]
    public void A_compact_signature_with_any_one_bit_changed_is_refused(string file)
    {
        var (text, keys) = Read(file);
        var parts = text.Split('.');
        List<string> believed = [];
        var count = 0;
        for (var part = 0; part < parts.Length; part++)
        {
            var bytes = Base64Url.DecodeFromChars(parts[part]);
            for (var bit = 0; bit < 8 * bytes.Length; bit++, count++)
            {
                byte[] changed = [.. bytes];
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                string[] copy = [.. parts];
                copy[part] = Base64Url.EncodeToString(changed);
                if (JoseVectors.Judge(string.Join('.', copy), keys) is null)
                {
                    believed.Add($"bit {bit} of part {part}");
                }
            }
        }

        TestContext.Progress.WriteLine($"{file}: {count} copies, each with another bit changed.");
        Assert.That(believed, Is.Empty);
        Assert.That(JoseVectors.Judge(text, keys), Is.Null, "the original is still good");
    }

    [TestCase(Rs256)]
    [TestCase(Ps384)]
    [TestCase(Es512)]
    public void A_signature_with_detached_content_is_refused(string file)
    {
        var (text, keys) = Read(file);
        var parts = text.Split('.');

        Assert.That(JoseVectors.Judge($"{parts[0]}..{parts[2]}", keys), Is.EqualTo(TokenRefusal.SignatureWrong));
    }

    [Test]
    public void What_is_out_of_scope_is_refused_for_that_reason()
    {
        foreach (var (file, (refusal, because)) in OutOfScope)
        {
            var (text, keys) = Read(file);
            Assert.That(keys, Is.Null, file);
            Assert.That(JoseVectors.Judge(text, keys), Is.EqualTo(refusal), $"{file}: {because}");
        }
    }

    [Test]
    public void No_JSON_serialization_is_read()
    {
        var files = SignatureFiles(cases: 22);
        var texts = files.SelectMany(
            file => new[] { "json", "json_flat" },
            (file, form) => JoseVectors.Read(Set, file, 1)["output"]![form]?.ToJsonString()).OfType<string>().ToList();

        Assert.That(texts, Has.Count.EqualTo(22 - 1), "several signatures have no flat form");
        Assert.That(texts.Select(text => JoseVectors.Judge(text, null)), Is.All.EqualTo(TokenRefusal.NotCompact));
    }

    [Test]
    public void Every_signature_of_the_cookbook_is_dealt_with()
    {
        string[] known = [Rs256, Ps384, Es512, .. OutOfScope.Keys, .. OnlyJson];

        Assert.That(SignatureFiles(cases: 11), Is.EquivalentTo(known));
        foreach (var file in known)
        {
            var compact = JoseVectors.Read(Set, file, 1)["output"]!["compact"];
            Assert.That(compact is null, Is.EqualTo(OnlyJson.Contains(file)), file);
        }
    }

    [Test]
    public void Of_several_signatures_only_one_with_all_of_its_header_protected_could_be_a_token()
    {
        var example = JoseVectors.Read(Set, Several, 3);
        var keys = JoseVectors.PublicKeys(example["input"]!["key"]!);
        var payload = (string)example["output"]!["json"]!["payload"]!;
        var judged = example["output"]!["json"]!["signatures"]!.AsArray()
            .Select(one => JoseVectors.Judge($"{(string?)one!["protected"]}.{payload}.{(string)one["signature"]!}", keys));

        // The first names no key among its protected members; the one key of the set that fits is found.
        Assert.That(keys!.Count, Is.EqualTo(2));
        Assert.That(
            judged, Is.EqualTo(new TokenRefusal?[] { null, TokenRefusal.HeaderMalformed, TokenRefusal.AlgorithmUnknown }));
    }

    [TestCase("rfc7797/hmac-sha2_b64_false.json")]
    [TestCase("rfc7797/4.2.hmac-sha2_b64_false.json")]
    public void A_header_that_says_that_the_payload_is_not_base64url_is_refused_whatever_the_payload(string file)
    {
        var example = JoseVectors.Read(Set, file, 1);
        var header = (string)example["output"]!["json_flat"]!["protected"]!;

        Assert.That(
            JoseVectors.Judge($"{header}.{(string)example["input"]!["payload"]!}.AAAA", null),
            Is.EqualTo(TokenRefusal.NotCompact));
        Assert.That(JoseVectors.Judge($"{header}.AAAA.AAAA", null), Is.EqualTo(TokenRefusal.HeaderMemberForbidden));
    }

    [Test]
    public void No_encrypted_token_is_read()
    {
        var folder = VectorFolder.Of(Set, 13);
        var outputs = Directory.GetFiles(Path.Combine(folder, "jwe"), "*.json")
            .Select(file => JsonNode.Parse(File.ReadAllBytes(file))!["output"]!.AsObject()).ToList();
        var texts = outputs.SelectMany(output => output)
            .Select(form => form.Key == "compact" ? (string)form.Value! : form.Value!.ToJsonString()).ToList();

        Assert.That(outputs, Has.Count.EqualTo(13));
        Assert.That(outputs.Count(output => output.ContainsKey("compact")), Is.EqualTo(9));
        Assert.That(texts.Select(text => JoseVectors.Judge(text, null)), Is.All.EqualTo(TokenRefusal.NotCompact));
    }

    [TestCase(EcKey, "jwk/3_2.ec_private_key.json")]
    [TestCase(RsaKey, "jwk/3_4.rsa_private_key.json")]
    public void The_public_key_is_read_and_the_private_one_is_not(string publicFile, string privateFile)
    {
        var publicKey = SigningKey.TryRead(JoseVectors.Json(JoseVectors.Read(Set, publicFile, 1)));
        var privateKey = JoseVectors.Read(Set, privateFile, 1);

        Assert.That(SigningKey.TryRead(JoseVectors.Json(privateKey)), Is.Null);
        Assert.That(
            SigningKey.TryRead(JoseVectors.Json(JoseVectors.PublicHalf(privateKey)))!.Thumbprint,
            Is.EqualTo(publicKey!.Thumbprint));
        Assert.That(publicKey.KeyId, Is.EqualTo("bilbo.baggins@hobbiton.example"));
    }

    [TestCase("jwk/3_5.symmetric_key_mac_computation.json")]
    [TestCase("jwk/3_6.symmetric_key_encryption.json")]
    public void A_symmetric_key_is_not_read(string file) =>
        Assert.That(SigningKey.TryRead(JoseVectors.Json(JoseVectors.Read(Set, file, 1))), Is.Null);

    private static (string Text, KeySet? Keys) Read(string file)
    {
        var example = JoseVectors.Read(Set, file, 1);
        return ((string)example["output"]!["compact"]!, JoseVectors.PublicKeys(example["input"]!["key"]!));
    }

    private static List<string> SignatureFiles(int cases)
    {
        var folder = VectorFolder.Of(Set, cases);
        return
        [
            .. new[] { "jws", "rfc7797", "curve25519" }
                .SelectMany(part => Directory.GetFiles(Path.Combine(folder, part), "*.json"))
                .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'))
                .Where(file => !file.EndsWith("ecdh-es.json", StringComparison.Ordinal)),
        ];
    }
}
