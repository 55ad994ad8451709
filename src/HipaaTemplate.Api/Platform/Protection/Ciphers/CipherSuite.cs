namespace HipaaTemplate.Platform.Protection.Ciphers;

/// <summary>How a value is sealed. The number stands in every envelope: never reuse one.</summary>
internal enum CipherSuite : byte
{
    /// <summary>XAES-256-GCM (C2SP): 192-bit random nonces, good for 2^80 values under one key.</summary>
    Xaes256Gcm = 1,

    /// <summary>AES-256-GCM (NIST SP 800-38D) with 96-bit random nonces, for at most 2^32 values under one key.</summary>
    Aes256Gcm = 2,
}

internal static class CipherSuites
{
    public const int KeyLength = 32;
    public const int TagLength = 16;
    public const int MaximumNonceLength = 24;

    extension(CipherSuite suite)
    {
        public int NonceLength => suite == CipherSuite.Xaes256Gcm ? Xaes256Gcm.NonceLength : Aes256Gcm.NonceLength;

        public bool IsKnown => suite is CipherSuite.Xaes256Gcm or CipherSuite.Aes256Gcm;

        public void Encrypt(
            ReadOnlySpan<byte> key,
            ReadOnlySpan<byte> nonce,
            ReadOnlySpan<byte> plaintext,
            Span<byte> ciphertext,
            Span<byte> tag,
            ReadOnlySpan<byte> associatedData)
        {
            if (suite == CipherSuite.Xaes256Gcm)
            {
                Xaes256Gcm.Encrypt(key, nonce, plaintext, ciphertext, tag, associatedData);
            }
            else
            {
                Aes256Gcm.Encrypt(key, nonce, plaintext, ciphertext, tag, associatedData);
            }
        }

        /// <exception cref="System.Security.Cryptography.AuthenticationTagMismatchException">Something was changed.</exception>
        public void Decrypt(
            ReadOnlySpan<byte> key,
            ReadOnlySpan<byte> nonce,
            ReadOnlySpan<byte> ciphertext,
            ReadOnlySpan<byte> tag,
            Span<byte> plaintext,
            ReadOnlySpan<byte> associatedData)
        {
            if (suite == CipherSuite.Xaes256Gcm)
            {
                Xaes256Gcm.Decrypt(key, nonce, ciphertext, tag, plaintext, associatedData);
            }
            else
            {
                Aes256Gcm.Decrypt(key, nonce, ciphertext, tag, plaintext, associatedData);
            }
        }
    }
}
