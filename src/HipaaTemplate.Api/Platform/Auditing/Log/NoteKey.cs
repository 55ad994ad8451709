using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>
/// The public half of a key that signs notes: ECDSA on P-256 with SHA-256, signature type 0x02 of
/// c2sp.org/signed-note. Holds no handle, and may be used by several threads at once.
/// </summary>
internal sealed class NoteKey
{
    /// <summary>Longest text of a key, in characters.</summary>
    public const int MaximumLength = 1024;

    private const byte SignatureType = 0x02;
    private const int IdLength = 8;
    private const int PublicKeyLength = 91;
    private readonly byte[] publicKey;

    private NoteKey(string name, byte[] publicKey)
    {
        Name = name;
        this.publicKey = publicKey;
        // signed-note, "Signature types", 0x02: the key ID is the truncated SHA-256 of the DER encoded public
        // key in SPKI format; unlike that of other types it does not depend on the name.
        Id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(publicKey));
    }

    public string Name { get; }

    /// <summary>Tells keys of one name apart; it is no fingerprint, being short enough to be hit on purpose.</summary>
    public uint Id { get; }

    // RFC 5480 §2.1.1: id-ecPublicKey, the curve by name, an uncompressed point. There is no other spelling here,
    // because the key ID would be another one.
    private static ReadOnlySpan<byte> PublicKeyPrefix =>
    [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];

    /// <param name="name">Not empty, without spaces and plus; by recommendation the origin of the log.</param>
    /// <param name="subjectPublicKeyInfo">DER (RFC 5280 §4.1).</param>
    /// <returns>False at a name that cannot stand in a note, and at anything but a point on P-256.</returns>
    public static bool TryCreate(
        string name, ReadOnlySpan<byte> subjectPublicKeyInfo, [NotNullWhen(true)] out NoteKey? key)
    {
        key = null;
        if (!NoteText.IsName(name) || subjectPublicKeyInfo.Length != PublicKeyLength
            || !subjectPublicKeyInfo.StartsWith(PublicKeyPrefix))
        {
            return false;
        }

        var made = new NoteKey(name, subjectPublicKeyInfo.ToArray());
        try
        {
            using var imported = made.Import();
            key = made;
        }
        catch (CryptographicException)
        {
            // The point is not on the curve.
        }

        return key is not null;
    }

    /// <summary>Reads <c>name+keyid+base64(0x02 ‖ SPKI)</c>, the key ID in eight lower-case hexadecimal digits.</summary>
    /// <returns>False at anything that <see cref="Format"/> would not write in just this way.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out NoteKey? key)
    {
        key = null;
        // base64 may hold a plus as well.
        if (text.Length > MaximumLength
            || text.Split('+', 3) is not [var name, { Length: IdLength }, var encoded]
            || !StrictBase64.TryDecode(encoded, out var bytes) || bytes is not [SignatureType, ..]
            || !TryCreate(name, bytes.AsSpan(1), out var read) || read.Format() != text)
        {
            return false;
        }

        key = read;
        return true;
    }

    public string Format() => string.Create(
        CultureInfo.InvariantCulture, $"{Name}+{Id:x8}+{Convert.ToBase64String([SignatureType, .. publicKey])}");

    /// <param name="text">UTF-8.</param>
    /// <param name="signature">ASN.1 DER (RFC 3279 §2.2.3).</param>
    public bool HasSigned(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        using var imported = Import();
        return imported.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private ECDsa Import()
    {
        var imported = ECDsa.Create();
        try
        {
            imported.ImportSubjectPublicKeyInfo(publicKey, out _);
            return imported;
        }
        catch
        {
            imported.Dispose();
            throw;
        }
    }
}
