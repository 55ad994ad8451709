using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Protection.Ciphers;

/// <summary>
/// XAES-256-GCM (c2sp.org/XAES-256-GCM): AES-256-GCM under a key of the message's own, which the first half
/// of a 192-bit nonce derives (NIST SP 800-108r1 with CMAC, counter mode). So nonces may be random for any
/// number of values that a clinic will ever write.
/// </summary>
internal static class Xaes256Gcm
{
    public const int NonceLength = 24;

    private const int DerivingLength = 12;
    private const byte ReductionPolynomial = 0x87; // SP 800-38B §5.3, for blocks of 128 bits

    public static void Encrypt(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        Span<byte> ciphertext,
        Span<byte> tag,
        ReadOnlySpan<byte> associatedData)
    {
        Span<byte> derived = stackalloc byte[CipherSuites.KeyLength];
        DeriveKey(key, nonce[..DerivingLength], derived);
        Aes256Gcm.Encrypt(derived, nonce[DerivingLength..], plaintext, ciphertext, tag, associatedData);
        CryptographicOperations.ZeroMemory(derived);
    }

    public static void Decrypt(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ciphertext,
        ReadOnlySpan<byte> tag,
        Span<byte> plaintext,
        ReadOnlySpan<byte> associatedData)
    {
        Span<byte> derived = stackalloc byte[CipherSuites.KeyLength];
        DeriveKey(key, nonce[..DerivingLength], derived);
        try
        {
            Aes256Gcm.Decrypt(derived, nonce[DerivingLength..], ciphertext, tag, plaintext, associatedData);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
        }
    }

    private static void DeriveKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, Span<byte> derived)
    {
        using var aes = new AesBlocks(key);
        Span<byte> subkey = stackalloc byte[AesBlocks.BlockLength];
        subkey.Clear();
        aes.Encrypt(subkey);
        Double(subkey);

        // Counter, label 'X', context length 0: one whole block each, so CMAC is one call of AES.
        WriteBlock(derived[..AesBlocks.BlockLength], 1, nonce, subkey);
        WriteBlock(derived[AesBlocks.BlockLength..], 2, nonce, subkey);
        aes.Encrypt(derived);
        CryptographicOperations.ZeroMemory(subkey);
    }

    private static void WriteBlock(Span<byte> block, byte counter, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> subkey)
    {
        block[0] = 0;
        block[1] = counter;
        block[2] = (byte)'X';
        block[3] = 0;
        nonce.CopyTo(block[4..]);
        for (var i = 0; i < block.Length; i++)
        {
            block[i] ^= subkey[i];
        }
    }

    /// <summary>Times x in GF(2^128), without a branch on the secret.</summary>
    private static void Double(Span<byte> block)
    {
        var carry = block[0] >> 7;
        for (var i = 0; i < block.Length - 1; i++)
        {
            block[i] = (byte)((block[i] << 1) | (block[i + 1] >> 7));
        }

        block[^1] = (byte)((block[^1] << 1) ^ (ReductionPolynomial & -carry));
    }
}
