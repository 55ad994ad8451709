using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Protection.Ciphers;

namespace HipaaTemplate.Tests.Platform.Protection.Vectors;

/// <summary>The values that c2sp.org/XAES-256-GCM prints.</summary>
[Hipaa(Citations.Encryption)]
internal sealed class XaesTests
{
    [TestCase(1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271")]
    [TestCase(3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d")]
    public void The_printed_values(byte keyByte, string associatedData, string expected)
    {
        var key = Enumerable.Repeat(keyByte, CipherSuites.KeyLength).ToArray();
        var nonce = "ABCDEFGHIJKLMNOPQRSTUVWX"u8;
        var sealedBytes = Seal(key, nonce, "XAES-256-GCM"u8, Encoding.ASCII.GetBytes(associatedData));

        Assert.That(Convert.ToHexStringLower(sealedBytes), Is.EqualTo(expected));
        var plaintext = new byte[12];
        Xaes256Gcm.Decrypt(
            key, nonce, sealedBytes.AsSpan(..12), sealedBytes.AsSpan(12..), plaintext, Encoding.ASCII.GetBytes(associatedData));
        Assert.That(plaintext, Is.EqualTo("XAES-256-GCM"u8.ToArray()));
    }

    /// <summary>Inputs from SHAKE128, results into SHAKE128, as the specification's accumulated vectors.</summary>
    [TestCase(10_000, "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939")]
    [TestCase(1_000_000, "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15")]
    public void The_accumulated_values(int rounds, string expected)
    {
        // In one piece: reading SHAKE bit by bit wants an OpenSSL newer than some servers have.
        const int bytesOfRound = 330;
        const int slack = 4096;
        var random = Shake128.HashData([], (rounds * bytesOfRound) + slack);
        var at = 0;
        ReadOnlySpan<byte> Take(int count)
        {
            at += count;
            return random.AsSpan(at - count, count);
        }

        using var results = new Shake128();
        for (var i = 0; i < rounds; i++)
        {
            var key = Take(CipherSuites.KeyLength);
            var nonce = Take(Xaes256Gcm.NonceLength);
            var plaintext = Take(Take(1)[0]);
            var associatedData = Take(Take(1)[0]);
            results.AppendData(Seal(key, nonce, plaintext, associatedData));
        }

        Assert.That(Convert.ToHexStringLower(results.GetHashAndReset(32)), Is.EqualTo(expected));
        PublishedVectors.Passed("XAES-256-GCM accumulated", rounds);
    }

    [Test]
    public void Blocks_by_the_processors_instructions_are_those_of_the_platform()
    {
        for (var i = 0; i < 1_000; i++)
        {
            var key = RandomNumberGenerator.GetBytes(CipherSuites.KeyLength);
            var expected = RandomNumberGenerator.GetBytes(3 * AesBlocks.BlockLength);
            var blocks = expected.ToArray();
            using var platform = new AesBlocks(key, useInstructions: false);
            platform.Encrypt(expected);
            using var ours = new AesBlocks(key);
            ours.Encrypt(blocks);
            Assert.That(blocks, Is.EqualTo(expected));
        }
    }

    private static byte[] Seal(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData)
    {
        var result = new byte[plaintext.Length + CipherSuites.TagLength];
        Xaes256Gcm.Encrypt(
            key, nonce, plaintext, result.AsSpan(..plaintext.Length), result.AsSpan(plaintext.Length..), associatedData);
        return result;
    }
}
