using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>Keys of the generator of CVE-2017-15361 are known by their residues, and no other key is taken for one.</summary>
internal sealed class RocaFingerprintTests
{
    private static readonly int[] Primes =
        [.. Enumerable.Range(3, 165).Where(n => Enumerable.Range(2, n - 2).All(divisor => n % divisor != 0))];

    private static readonly BigInteger Product = Primes.Aggregate(BigInteger.One, (product, prime) => product * prime);

    [Test]
    public void A_real_key_of_that_generator_is_recognised()
    {
        var group = JoseVectors.Read("wycheproof-jwt", "json_web_key_test.json", 1)["testGroups"]!.AsArray()
            .Single(group => (string)group!["comment"]! == "jws_rsa_roca_key")!;

        var modulus = (string)group["public"]!["keys"]!.AsArray().Single()!["n"]!;

        Assert.That(RocaFingerprint.Matches(Base64Url.DecodeFromChars(modulus)), Is.True);
    }

    [Test]
    public void Any_power_of_65537_modulo_all_the_primes_is_recognised()
    {
        for (var power = 0; power < 100; power++)
        {
            Assert.That(Matches(ModulusOf(power)), Is.True, $"{power}");
        }
    }

    [Test]
    public void One_prime_modulo_which_it_is_no_power_makes_it_another_key()
    {
        Assert.That(Primes, Has.Length.EqualTo(38));
        var modulus = ModulusOf(1_000);
        foreach (var prime in Primes)
        {
            // Nothing changes but the residue modulo this prime, which becomes 0.
            var other = modulus;
            while (other % prime != 0)
            {
                other += Product / prime;
            }

            Assert.That(Matches(other), Is.False, $"{prime}");
        }
    }

    [Test]
    public void Fresh_keys_are_not_taken_for_such() => Parallel.For(0, 20, i =>
    {
        using var key = RSA.Create(2048);
        Assert.That(RocaFingerprint.Matches(key.ExportParameters(includePrivateParameters: false).Modulus), Is.False, $"{i}");
    });

    private static BigInteger ModulusOf(int power) =>
        (Product * BigInteger.Pow(2, 1_800)) + BigInteger.ModPow(65537, power, Product);

    private static bool Matches(BigInteger modulus) =>
        RocaFingerprint.Matches(modulus.ToByteArray(isUnsigned: true, isBigEndian: true));
}
