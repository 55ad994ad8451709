using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>The key of the platform's log, which has no tenant whose key it could be under.</summary>
internal sealed class PlatformKey(DerivedKeys derivedKeys)
{
    private readonly Lazy<byte[]> key = new(() => derivedKeys.For("audit of the platform"));

    public ReadOnlySpan<byte> AuditKey => key.Value;

    public AuditDraft Draft(AuditFacts facts) => new(facts, AuditEntry.Platform, keyVersion: 0, [.. key.Value]);
}
