using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Protection.Ciphers;

/// <summary>The platform's own AES-256-GCM with a key of one call: nothing of it stays behind.</summary>
internal static class Aes256Gcm
{
    public const int NonceLength = 12;

    public static void Encrypt(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        Span<byte> ciphertext,
        Span<byte> tag,
        ReadOnlySpan<byte> associatedData)
    {
        using var aes = new AesGcm(key, CipherSuites.TagLength);
        aes.Encrypt(nonce, plaintext, ciphertext, tag, associatedData);
    }

    public static void Decrypt(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ciphertext,
        ReadOnlySpan<byte> tag,
        Span<byte> plaintext,
        ReadOnlySpan<byte> associatedData)
    {
        using var aes = new AesGcm(key, CipherSuites.TagLength);
        aes.Decrypt(nonce, ciphertext, tag, plaintext, associatedData);
    }
}
