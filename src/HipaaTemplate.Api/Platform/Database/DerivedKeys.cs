using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Keys that every instance of a deployment agrees on and none stores: made of the password that the API
/// is given, the owner's or its own. They change when it does.
/// </summary>
internal sealed class DerivedKeys(IOptions<DatabaseSettings> settings)
{
    private const int KeyLength = 32;

    // What these keys sign is shown to clients, who could try passwords on it at their leisure; so the
    // secret is stretched. A random password needs none of it: this only makes guessing a poor one dearer,
    // and costs each start some 50 ms.
    private const int Iterations = 100_000;

    private readonly Lazy<byte[]> root = new(() => Rfc2898DeriveBytes.Pbkdf2(
        Encoding.UTF8.GetBytes(settings.Value.KeySecret()),
        "hipaa-template/v1|derived keys"u8.ToArray(),
        Iterations,
        HashAlgorithmName.SHA256,
        KeyLength));

    /// <param name="purpose">What the key is for; another purpose is another key (RFC 5869 §3.2).</param>
    /// <returns>32 bytes.</returns>
    public byte[] For(string purpose) => HKDF.Expand(
        HashAlgorithmName.SHA256, root.Value, KeyLength, Encoding.UTF8.GetBytes($"hipaa-template/v1|{purpose}"));
}
