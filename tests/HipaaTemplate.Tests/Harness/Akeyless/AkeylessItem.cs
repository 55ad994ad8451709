using System.Buffers.Binary;
using HipaaTemplate.Tests.Harness.Services;

namespace HipaaTemplate.Tests.Harness.Akeyless;

/// <summary>An AES-GCM key among the items of Akeyless.</summary>
internal sealed class AkeylessItem
{
    private readonly List<AeadKey> versions = [new()];

    public bool IsEnabled { get; set; } = true;

    public bool IsBeingDeleted { get; set; }

    /// <summary>The caller's role has it not.</summary>
    public bool IsDenied { get; set; }

    public bool MayBeUsed => IsEnabled && !IsBeingDeleted;

    public void Rotate() => versions.Add(new AeadKey());

    /// <summary>The version, and what it sealed.</summary>
    public byte[] Seal(byte[] plaintext, byte[] context)
    {
        var prefix = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(prefix, versions.Count);
        return [.. prefix, .. versions[^1].Seal(plaintext, context)];
    }

    /// <returns>Null where this key did not seal it with this context.</returns>
    public byte[]? Open(byte[] ciphertext, byte[] context)
    {
        if (ciphertext.Length < sizeof(int))
        {
            return null;
        }

        var version = BinaryPrimitives.ReadInt32BigEndian(ciphertext);
        return version >= 1 && version <= versions.Count
            ? versions[version - 1].Open(ciphertext.AsSpan(sizeof(int)), context)
            : null;
    }
}
