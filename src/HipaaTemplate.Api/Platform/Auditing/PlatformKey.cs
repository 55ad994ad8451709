using System.Buffers.Binary;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>The key of the platform's log, which has no tenant whose key it could be under.</summary>
internal sealed class PlatformKey(DerivedKeys derivedKeys)
{
    private readonly Lazy<byte[]> key = new(() => derivedKeys.For("audit of the platform"));

    public ReadOnlySpan<byte> AuditKey => key.Value;

    /// <summary>Tells it from the one that another secret makes: whose events it cannot verify, it is not tried on.</summary>
    public int Version => BinaryPrimitives.ReadInt32BigEndian(HMACSHA256.HashData(key.Value, "version"u8)) & int.MaxValue;

    public AuditDraft Draft(AuditFacts facts) => new(facts, AuditEntry.Platform, Version, [.. key.Value]);
}
