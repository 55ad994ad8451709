using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Protection.Signing;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>
/// A certificate as a JWS in flattened JSON (RFC 7515 §7.2.2), ES256: anybody who has the public key can check
/// it with any JOSE library, or with openssl.
/// </summary>
internal sealed class SignedCertificate
{
    private const string Algorithm = "ES256";
    private const string Type = "erasure-certificate+json";
    private const int SignatureLength = 64;
    private const int MaximumDepth = 4;

    private readonly byte[] payload;
    private readonly byte[] signed;
    private readonly byte[] signature;

    private SignedCertificate(string keyId, byte[] payload, byte[] signed, byte[] signature)
    {
        KeyId = keyId;
        this.payload = payload;
        this.signed = signed;
        this.signature = signature;
    }

    /// <summary>Which key signed it, by its own words.</summary>
    public string KeyId { get; }

    public static string Sign(ErasureCertificate certificate, SigningKeyPair key)
    {
        var header = Encode(JsonSerializer.SerializeToUtf8Bytes(
            new CertificateHeader(Algorithm, key.Id, Type), ErasureJson.Default.CertificateHeader));
        var body = Encode(JsonSerializer.SerializeToUtf8Bytes(certificate, ErasureJson.Default.ErasureCertificate));
        var made = key.Key.SignData(
            SigningInput(header, body), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return JsonSerializer.Serialize(new FlattenedJws(body, header, Encode(made)), ErasureJson.Default.FlattenedJws);
    }

    /// <returns>False where it is no such JWS; nothing is verified yet.</returns>
    public static bool TryParse(byte[] text, [NotNullWhen(true)] out SignedCertificate? certificate)
    {
        certificate = null;
        if (!StrictJson.TryParseObject(text, MaximumDepth, out var jws)
            || jws.EnumerateObject().Count() != 3
            || !jws.TryGetString("payload", out var body) || !StrictBase64Url.TryDecode(body, out var bodyBytes)
            || !jws.TryGetString("protected", out var header) || !StrictBase64Url.TryDecode(header, out var headerBytes)
            || !jws.TryGetString("signature", out var mark) || !StrictBase64Url.TryDecode(mark, out var markBytes)
            || markBytes.Length != SignatureLength
            || !StrictJson.TryParseObject(headerBytes, MaximumDepth, out var head)
            || head.EnumerateObject().Count() != 3
            || !head.TryGetString("alg", out var algorithm) || algorithm != Algorithm
            || !head.TryGetString("typ", out var type) || type != Type
            || !head.TryGetString("kid", out var keyId))
        {
            return false;
        }

        certificate = new SignedCertificate(keyId, bodyBytes, SigningInput(header, body), markBytes);
        return true;
    }

    /// <returns>Null when this key did not sign it.</returns>
    public ErasureCertificate? Verify(SigningKeyPair key)
    {
        if (key.Id != KeyId || !key.Key.VerifyData(
            signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(payload, ErasureJson.Default.ErasureCertificate);
        }
        catch (JsonException)
        {
            // Signed by the right key, but no certificate of this build.
            return null;
        }
    }

    private static byte[] SigningInput(string header, string body) => Encoding.ASCII.GetBytes($"{header}.{body}");

    private static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);
}

internal sealed record FlattenedJws(string Payload, string Protected, string Signature);

internal sealed record CertificateHeader(string Alg, string Kid, string Typ);
