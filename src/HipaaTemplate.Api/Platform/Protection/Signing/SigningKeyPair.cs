using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace HipaaTemplate.Platform.Protection.Signing;

/// <summary>A P-256 key, with or without its private half, under the name that what it signed calls it by.</summary>
internal sealed class SigningKeyPair : IDisposable
{
    private const string P256 = "1.2.840.10045.3.1.7";

    public SigningKeyPair(ECDsa key)
    {
        Key = key;
        Id = ThumbprintOf(key);
    }

    public ECDsa Key { get; }

    /// <summary>The JWK thumbprint (RFC 7638).</summary>
    public string Id { get; }

    public static SigningKeyPair Make() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <param name="subjectPublicKeyInfo">DER (RFC 5280 §4.1).</param>
    public static SigningKeyPair FromPublic(byte[] subjectPublicKeyInfo) =>
        Import(key => key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _));

    public static SigningKeyPair FromPrivate(ReadOnlySpan<byte> pkcs8)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return new SigningKeyPair(key);
    }

    /// <returns>Null when it is not the PEM of a public key on P-256.</returns>
    public static SigningKeyPair? TryFromPem(string pem)
    {
        try
        {
            var key = Import(key => key.ImportFromPem(pem));
            if (key.Key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == P256)
            {
                return key;
            }

            key.Dispose();
            return null;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return null;
        }
    }

    public string PublicPem() => Key.ExportSubjectPublicKeyInfoPem();

    public void Dispose() => Key.Dispose();

    private static SigningKeyPair Import(Action<ECDsa> import)
    {
        var key = ECDsa.Create();
        try
        {
            import(key);
            return new SigningKeyPair(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static string ThumbprintOf(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        // RFC 7638 §3.2: these members, in this order, without white space.
        var jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(jwk)));
    }
}
