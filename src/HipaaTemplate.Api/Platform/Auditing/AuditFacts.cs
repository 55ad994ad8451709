using System.Security.Cryptography;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>What happened, before it has a number, a time and a MAC.</summary>
internal sealed record AuditFacts(AuditAction Action, AuditOutcome Outcome, AuditActor Actor)
{
    /// <summary>The error code that is answered.</summary>
    public string? Code { get; init; }

    /// <summary>Names, numbers and ids of what it was about; never input, never patients' data.</summary>
    public string? Detail { get; init; }

    public IReadOnlyList<Guid> Patients { get; init; } = [];

    public IReadOnlyList<AuditedRecord> Records { get; init; } = [];
}

/// <summary>Facts with the key that their MAC will be made with; the key is wiped when it is disposed.</summary>
internal sealed class AuditDraft(AuditFacts facts, TenantId tenant, int keyVersion, byte[] auditKey) : IDisposable
{
    public AuditFacts Facts => facts;

    public TenantId Tenant => tenant;

    public int KeyVersion => keyVersion;

    /// <summary>Each month's is made of it.</summary>
    public ReadOnlySpan<byte> AuditKey => auditKey;

    /// <param name="facts">What happened.</param>
    /// <param name="tenant">In whose log.</param>
    /// <param name="material">The tenant's key.</param>
    public static AuditDraft OfTenant(AuditFacts facts, TenantId tenant, TenantKeyMaterial material)
    {
        var key = new byte[SecretKey.Length];
        material.DeriveAuditKey(key);
        return new AuditDraft(facts, tenant, material.Version, key);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(auditKey);
}

/// <param name="Entry">The event.</param>
/// <param name="Mac">Of its bytes.</param>
/// <param name="LeafHash">What the tree that seals it is made of.</param>
internal sealed record StampedEntry(AuditEntry Entry, byte[] Mac, byte[] LeafHash);
