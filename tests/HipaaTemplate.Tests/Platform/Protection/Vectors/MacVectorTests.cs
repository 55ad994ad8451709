using System.Security.Cryptography;

namespace HipaaTemplate.Tests.Platform.Protection.Vectors;

/// <summary>The platform's HMAC and HKDF, on which every derived key and blind index rests.</summary>
internal sealed class MacVectorTests
{
    [TestCase("hkdf_sha256_test.json", "SHA256", 86)]
    [TestCase("hkdf_sha512_test.json", "SHA512", 83)]
    public void Wycheproof_HKDF(string file, string hash, int cases)
    {
        var count = 0;
        foreach (var (_, test) in PublishedVectors.Wycheproof(file, cases))
        {
            var length = test.GetProperty("size").GetInt32();
            var name = new HashAlgorithmName(hash);
            if (test.IsValid())
            {
                var extracted = HKDF.Extract(name, test.Hex("ikm"), test.Hex("salt"));
                Assert.That(HKDF.Expand(name, extracted, length, test.Hex("info")), Is.EqualTo(test.Hex("okm")));
            }
            else
            {
                Assert.That(() => HKDF.DeriveKey(name, test.Hex("ikm"), length, test.Hex("salt"), test.Hex("info")),
                    Throws.InstanceOf<ArgumentException>());
            }

            count++;
        }

        Assert.That(count, Is.EqualTo(cases));
        PublishedVectors.Passed($"Wycheproof {file}", count);
    }

    [Test]
    public void Wycheproof_HMAC()
    {
        const int cases = 174;
        var count = 0;
        foreach (var (group, test) in PublishedVectors.Wycheproof("hmac_sha256_test.json", cases))
        {
            var length = group.GetProperty("tagSize").GetInt32() / 8;
            var mac = HMACSHA256.HashData(test.Hex("key"), test.Hex("msg"))[..length];
            Assert.That(CryptographicOperations.FixedTimeEquals(mac, test.Hex("tag")), Is.EqualTo(test.IsValid()));
            count++;
        }

        Assert.That(count, Is.EqualTo(cases));
        PublishedVectors.Passed("Wycheproof HMAC-SHA256", count);
    }
}
