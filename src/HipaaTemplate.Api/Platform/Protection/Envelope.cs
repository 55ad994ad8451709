using System.Buffers.Binary;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Protection.Ciphers;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// A sealed value as it is stored: format 0xA1, suite, key version (4 bytes, big endian), nonce, ciphertext,
/// tag. What release 1 wrote opens for ever (GoldenTests): a new layout is a new format byte.
/// </summary>
internal static class Envelope
{
    public const byte Format = 0xA1;
    private const int HeaderLength = 1 + 1 + 4;

    /// <summary>Longest plaintext. What is larger is a document and sealed in pieces.</summary>
    public const int MaximumPlaintext = 1024 * 1024;

    // ISO/IEC 7816-4: one marking byte, then zeros. Always there, so that opening does not depend on how a
    // column is declared today.
    private const byte PaddingMark = 0x80;
    private const int StackLimit = 512;

    /// <summary>The version of the key that sealed it; null when these bytes are no envelope.</summary>
    public static int? KeyVersionOf(ReadOnlySpan<byte> envelope) =>
        TryReadHeader(envelope, out _, out var keyVersion) ? keyVersion : null;

    /// <param name="suite">Of the new envelope.</param>
    /// <param name="key">32 bytes, of the column.</param>
    /// <param name="keyVersion">By which the key will be found again.</param>
    /// <param name="address">The cell.</param>
    /// <param name="plaintext">At most <see cref="MaximumPlaintext"/> bytes.</param>
    /// <param name="bucket">The plaintext is padded to a multiple of this many bytes, so that its length does not tell what it is.</param>
    public static byte[] Seal(
        CipherSuite suite,
        ReadOnlySpan<byte> key,
        int keyVersion,
        in PhiAddress address,
        ReadOnlySpan<byte> plaintext,
        int bucket = 1)
    {
        if (plaintext.Length > MaximumPlaintext)
        {
            throw new ArgumentException("A value of one field has at most 1 MiB.", nameof(plaintext));
        }

        var paddedLength = (plaintext.Length + bucket) / bucket * bucket;
        var envelope = new byte[HeaderLength + suite.NonceLength + paddedLength + CipherSuites.TagLength];
        envelope[0] = Format;
        envelope[1] = (byte)suite;
        BinaryPrimitives.WriteInt32BigEndian(envelope.AsSpan(2), keyVersion);
        var nonce = envelope.AsSpan(HeaderLength, suite.NonceLength);
        RandomNumberGenerator.Fill(nonce);

        var ciphertext = envelope.AsSpan(HeaderLength + nonce.Length, paddedLength);
        plaintext.CopyTo(ciphertext);
        ciphertext[plaintext.Length] = PaddingMark;
        Span<byte> associatedData = stackalloc byte[PhiAddress.AssociatedDataLength];
        address.WriteAssociatedData(associatedData, suite, keyVersion);
        suite.Encrypt(key, nonce, ciphertext, ciphertext, envelope.AsSpan(^CipherSuites.TagLength..), associatedData);
        return envelope;
    }

    /// <summary>Hands the plaintext to <paramref name="read"/> and wipes it afterwards.</summary>
    /// <exception cref="PhiAuthenticationException">The bytes are not what was sealed for this cell under this key.</exception>
    public static TResult Open<TResult>(
        ReadOnlySpan<byte> envelope,
        ReadOnlySpan<byte> key,
        int keyVersion,
        in PhiAddress address,
        Func<ReadOnlySpan<byte>, TResult> read)
    {
        // The key is the one of the version that the envelope names, never one after the other: GCM does not
        // commit to its key, and a value may be made to open under two.
        if (!TryReadHeader(envelope, out var suite, out var found) || found != keyVersion)
        {
            throw new PhiAuthenticationException(address);
        }

        var nonce = envelope.Slice(HeaderLength, suite.NonceLength);
        var ciphertext = envelope[(HeaderLength + nonce.Length)..^CipherSuites.TagLength];
        Span<byte> associatedData = stackalloc byte[PhiAddress.AssociatedDataLength];
        address.WriteAssociatedData(associatedData, suite, keyVersion);
        var plaintext = ciphertext.Length <= StackLimit ? stackalloc byte[ciphertext.Length] : new byte[ciphertext.Length];
        try
        {
            suite.Decrypt(key, nonce, ciphertext, envelope[^CipherSuites.TagLength..], plaintext, associatedData);
            var end = plaintext.LastIndexOfAnyExcept((byte)0);
            return end >= 0 && plaintext[end] == PaddingMark
                ? read(plaintext[..end])
                : throw new PhiAuthenticationException(address);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new PhiAuthenticationException(address);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> envelope, out CipherSuite suite, out int keyVersion)
    {
        suite = default;
        keyVersion = 0;
        if (envelope.Length < HeaderLength || envelope[0] != Format)
        {
            return false;
        }

        suite = (CipherSuite)envelope[1];
        keyVersion = BinaryPrimitives.ReadInt32BigEndian(envelope[2..]);
        return suite.IsKnown && keyVersion > 0
            && envelope.Length > HeaderLength + suite.NonceLength + CipherSuites.TagLength;
    }
}
