using System.Security.Cryptography;

namespace HipaaTemplate.Tests.Harness.Services;

/// <summary>A key inside a double, that really encrypts: nonce, ciphertext and tag, one behind the other.</summary>
internal sealed class AeadKey(bool chaCha = false)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);

    public byte[] Seal(byte[] plaintext, byte[] associated)
    {
        var nonce = RandomNumberGenerator.GetBytes(NonceLength);
        var ciphertext = new byte[plaintext.Length];
        var tag = new byte[TagLength];
        if (chaCha)
        {
            using var cipher = new ChaCha20Poly1305(key);
            cipher.Encrypt(nonce, plaintext, ciphertext, tag, associated);
        }
        else
        {
            using var cipher = new AesGcm(key, TagLength);
            cipher.Encrypt(nonce, plaintext, ciphertext, tag, associated);
        }

        return [.. nonce, .. ciphertext, .. tag];
    }

    /// <returns>Null where it was not sealed by this key with this associated data.</returns>
    public byte[]? Open(ReadOnlySpan<byte> sealedBytes, byte[] associated)
    {
        if (sealedBytes.Length < NonceLength + TagLength)
        {
            return null;
        }

        var nonce = sealedBytes[..NonceLength];
        var ciphertext = sealedBytes[NonceLength..^TagLength];
        var tag = sealedBytes[^TagLength..];
        var plaintext = new byte[ciphertext.Length];
        try
        {
            if (chaCha)
            {
                using var cipher = new ChaCha20Poly1305(key);
                cipher.Decrypt(nonce, ciphertext, tag, plaintext, associated);
            }
            else
            {
                using var cipher = new AesGcm(key, TagLength);
                cipher.Decrypt(nonce, ciphertext, tag, plaintext, associated);
            }

            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
