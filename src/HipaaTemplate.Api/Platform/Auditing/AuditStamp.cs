using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// Gives an event its number, its time and its MAC. The key is of one month and one version of the tenant's
/// key, and the database never has it.
/// </summary>
internal sealed class AuditStamp(AuditNumbers numbers, DerivedKeys derivedKeys)
{
    /// <summary>Of the platform's log: it has no tenant whose key it could be under.</summary>
    private readonly Lazy<byte[]> platformKey = new(() => derivedKeys.For("audit of the platform"));

    /// <param name="facts">What happened.</param>
    /// <param name="tenant">In whose log.</param>
    /// <param name="material">The tenant's key.</param>
    public StampedEntry OfTenant(AuditFacts facts, TenantId tenant, TenantKeyMaterial material)
    {
        var entry = Number(facts, tenant, material.Version);
        Span<byte> key = stackalloc byte[SecretKey.Length];
        material.DeriveAuditKey(entry.At, key);
        return Seal(entry, key);
    }

    /// <summary>In the platform's log.</summary>
    public StampedEntry OfPlatform(AuditFacts facts)
    {
        var entry = Number(facts, AuditEntry.Platform, keyVersion: 0);
        Span<byte> key = stackalloc byte[SecretKey.Length];
        DerivePlatformKey(entry.At, key);
        return Seal(entry, key);
    }

    /// <summary>For the MAC of the platform's events of that month.</summary>
    public void DerivePlatformKey(DateTimeOffset at, Span<byte> derived) =>
        HKDF.Expand(HashAlgorithmName.SHA256, platformKey.Value, derived, AuditEncoding.KeyInfo(at));

    private static StampedEntry Seal(AuditEntry entry, Span<byte> key)
    {
        var encoded = AuditEncoding.Encode(entry);
        var mac = AuditEncoding.Mac(key, encoded);
        CryptographicOperations.ZeroMemory(key);
        var leafHash = new byte[MerkleHash.Length];
        MerkleHash.Leaf([.. encoded, .. mac], leafHash);
        return new StampedEntry(entry, mac, leafHash);
    }

    private AuditEntry Number(AuditFacts facts, TenantId tenant, int keyVersion)
    {
        var (number, at, untold) = numbers.Next(tenant);
        return new AuditEntry
        {
            Tenant = tenant,
            Id = Guid.CreateVersion7(at),
            At = at,
            Writer = numbers.Writer,
            Number = number,
            Void = untold,
            Action = facts.Action.Word(),
            Outcome = facts.Outcome.Word(),
            Code = facts.Code,
            ActorType = facts.Actor.Type.Word(),
            Actor = facts.Actor.Id,
            Session = facts.Actor.Session,
            Address = facts.Actor.Address,
            Purpose = facts.Actor.Purpose,
            Endpoint = facts.Actor.Endpoint,
            Request = facts.Actor.Request,
            Trace = facts.Actor.Trace,
            Patients = facts.Patients,
            Records = facts.Records,
            KeyVersion = keyVersion,
        };
    }
}
