using System.Security.Cryptography;
using System.Text.Json;
using HipaaTemplate.Platform.Protection.Ciphers;

namespace HipaaTemplate.Tests.Platform.Protection.Vectors;

/// <summary>
/// AES-GCM of others: with tags of 128 bits through our suite 2, with shorter ones through the platform under
/// it. Other nonces than those of 96 bits, and tags of less than 96, neither has.
/// </summary>
[Hipaa(Citations.Encryption)]
internal sealed class AesGcmVectorTests
{
    private const int NonceLength = Aes256Gcm.NonceLength;
    private const int TagLength = CipherSuites.TagLength;
    private const int ShortestTag = 12;

    [TestCase("gcmDecrypt128.rsp", 1_875)]
    [TestCase("gcmDecrypt256.rsp", 1_875)]
    [TestCase("gcmEncryptExtIV128.rsp", 1_875)]
    [TestCase("gcmEncryptExtIV256.rsp", 1_875)]
    public void Nist_CAVP(string file, int cases)
    {
        var count = 0;
        foreach (var test in PublishedVectors.Cavp(file, cases).Where(IsOurs))
        {
            byte[] Value(string name) => Convert.FromHexString(test.GetValueOrDefault(name, ""));
            if (file.Contains("Encrypt", StringComparison.Ordinal))
            {
                var ciphertext = new byte[Value("PT").Length];
                var tag = new byte[Value("Tag").Length];
                Seal(Value("Key"), Value("IV"), Value("PT"), ciphertext, tag, Value("AAD"));
                Assert.That((ciphertext, tag), Is.EqualTo((Value("CT"), Value("Tag"))));
            }
            else
            {
                Assert.That(
                    Open(Value("Key"), Value("IV"), Value("CT"), Value("Tag"), Value("AAD")),
                    test.ContainsKey("FAIL") ? Is.Null : Is.EqualTo(Value("PT")));
            }

            count++;
        }

        Assert.That(count, Is.EqualTo(cases));
        PublishedVectors.Passed($"NIST CAVP {file}", count);
    }

    [Test]
    public void Wycheproof()
    {
        const int cases = 197;
        var count = 0;
        foreach (var (_, test) in PublishedVectors.Wycheproof("aes_gcm_test.json", cases).Where(IsOurs))
        {
            var opened = Open(test.Hex("key"), test.Hex("iv"), test.Hex("ct"), test.Hex("tag"), test.Hex("aad"));
            Assert.That(opened, test.IsValid() ? Is.EqualTo(test.Hex("msg")) : Is.Null, $"test {test.GetProperty("tcId")}");
            count++;
        }

        Assert.That(count, Is.EqualTo(cases));
        PublishedVectors.Passed("Wycheproof AES-GCM", count);
    }

    private static bool IsOurs(IReadOnlyDictionary<string, string> test) =>
        test.GetValueOrDefault("IV", "").Length == 2 * NonceLength && test.GetValueOrDefault("Tag", "").Length >= 2 * ShortestTag;

    private static bool IsOurs((JsonElement Group, JsonElement Test) one) =>
        one.Test.Hex("iv").Length == NonceLength && one.Test.Hex("tag").Length == TagLength;

    private static void Seal(
        byte[] key, byte[] nonce, byte[] plaintext, byte[] ciphertext, byte[] tag, byte[] associatedData)
    {
        if (tag.Length == TagLength)
        {
            Aes256Gcm.Encrypt(key, nonce, plaintext, ciphertext, tag, associatedData);
            return;
        }

        using var platform = new AesGcm(key, tag.Length);
        platform.Encrypt(nonce, plaintext, ciphertext, tag, associatedData);
    }

    private static byte[]? Open(byte[] key, byte[] nonce, byte[] ciphertext, byte[] tag, byte[] associatedData)
    {
        var plaintext = new byte[ciphertext.Length];
        try
        {
            if (tag.Length == TagLength)
            {
                Aes256Gcm.Decrypt(key, nonce, ciphertext, tag, plaintext, associatedData);
                return plaintext;
            }

            using var platform = new AesGcm(key, tag.Length);
            platform.Decrypt(nonce, ciphertext, tag, plaintext, associatedData);
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
