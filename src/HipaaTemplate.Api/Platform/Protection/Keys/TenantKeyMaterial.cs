using System.Security.Cryptography;
using HipaaTemplate.Platform.Protection.Providers;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>A version of a tenant's key in clear, and the keys that hang off it (HKDF-Expand, RFC 5869 §2.3).</summary>
internal sealed class TenantKeyMaterial : IDisposable
{
    private readonly SecretKey key;
    private readonly SecretKey wrapping;

    public TenantKeyMaterial(TenantKey stored, ReadOnlySpan<byte> plaintext, KeyBudget budget)
    {
        Version = stored.Version;
        Class = stored.Class;
        ActiveFrom = stored.ActiveFrom;
        IndexSlot = stored.IndexSlot;
        Budget = budget;
        key = new SecretKey(plaintext);
        Span<byte> derived = stackalloc byte[SecretKey.Length];
        Derive("hipaa/v1|subject-keys"u8, derived);
        wrapping = new SecretKey(derived);
        CryptographicOperations.ZeroMemory(derived);
    }

    public int Version { get; }

    public DataClass Class { get; }

    public DateTimeOffset ActiveFrom { get; }

    public short IndexSlot { get; }

    /// <summary>How many values may be sealed under it.</summary>
    public KeyBudget Budget { get; }

    /// <summary>Wraps the keys of the tenant's patients.</summary>
    public ReadOnlySpan<byte> WrappingKey => wrapping.Bytes;

    /// <summary>For the MACs of audit events; each month's key is made of it.</summary>
    public void DeriveAuditKey(Span<byte> derived) => DeriveAuditKey(key.Bytes, derived);

    /// <param name="plaintext">The version's key.</param>
    /// <param name="derived">32 bytes.</param>
    public static void DeriveAuditKey(ReadOnlySpan<byte> plaintext, Span<byte> derived) =>
        HKDF.Expand(HashAlgorithmName.SHA256, plaintext, derived, "hipaa/v1|auditmac"u8);

    /// <param name="info">Beginning with hipaa/v1|bidx|.</param>
    /// <param name="derived">32 bytes.</param>
    public void DeriveIndexKey(ReadOnlySpan<byte> info, Span<byte> derived) => Derive(info, derived);

    public static byte[] CommitmentOf(ReadOnlySpan<byte> plaintext) =>
        HMACSHA256.HashData(plaintext, "hipaa/v1|commitment"u8);

    public void Dispose()
    {
        key.Dispose();
        wrapping.Dispose();
    }

    private void Derive(ReadOnlySpan<byte> info, Span<byte> derived) =>
        HKDF.Expand(HashAlgorithmName.SHA256, key.Bytes, derived, info);
}
