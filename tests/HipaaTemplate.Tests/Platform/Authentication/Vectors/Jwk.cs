using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>JSON Web Keys to be made wrong in one thing at a time.</summary>
internal static class Jwk
{
    public static JsonObject Of(RSA key)
    {
        var rsa = key.ExportParameters(includePrivateParameters: false);
        return Rsa(rsa.Modulus!, rsa.Exponent!);
    }

    public static JsonObject Of(ECDsa key, string curve)
    {
        var ec = key.ExportParameters(includePrivateParameters: false);
        return Ec(curve, ec.Q.X!, ec.Q.Y!);
    }

    public static JsonObject Rsa(byte[] modulus, byte[]? exponent = null) => new()
    {
        ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(modulus), ["e"] = Base64Url.EncodeToString(exponent ?? [1, 0, 1]),
    };

    public static JsonObject Ec(string curve, byte[] x, byte[] y) => new()
    {
        ["kty"] = "EC", ["crv"] = curve, ["x"] = Base64Url.EncodeToString(x), ["y"] = Base64Url.EncodeToString(y),
    };

    /// <summary>
    /// An odd number of so many bits. Nothing that reads a public key can tell it from a product of two primes,
    /// and to make a real key of 8192 bits takes minutes.
    /// </summary>
    public static byte[] ModulusOf(int bits)
    {
        var number = RandomNumberGenerator.GetBytes((bits + 7) / 8);
        var top = (bits - 1) % 8;
        number[0] = (byte)((number[0] & ((1 << top) - 1)) | (1 << top));
        number[^1] |= 1;
        return number;
    }

    public static JsonObject With(this JsonObject key, string member, JsonNode? value)
    {
        var copy = key.DeepClone().AsObject();
        copy[member] = value;
        return copy;
    }

    public static JsonObject Without(this JsonObject key, string member)
    {
        var copy = key.DeepClone().AsObject();
        copy.Remove(member);
        return copy;
    }

    public static SigningKey? Read(this JsonObject key) => SigningKey.TryRead(JoseVectors.Json(key));
}
