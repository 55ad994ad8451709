using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// Events of tenants' keys. Each has its MAC under the very key that it is about, which is at hand: to ask for one here
/// would be to ask for the key whose event this is.
/// </summary>
internal sealed class KeyEvents(AuditTrail trail, AuditStore store, AuditNumbers numbers, SealWatch watch, ProcessActor process)
{
    /// <summary>The key service gave these out. Whoever needs them gets them when it is stored.</summary>
    /// <exception cref="AuditUnavailableException">It is not.</exception>
    public async Task UsedAsync(TenantKeyRing ring, DateTimeOffset now, CancellationToken ct)
    {
        var facts = Facts(AuditAction.UseKey, $"versions={string.Join(',', ring.Versions.Select(material => material.Version))}");
        await trail.WriteAsync(AuditDraft.OfTenant(facts, ring.Tenant, ring.Active(DataClass.General, now) ?? ring.Versions[0]), ct);
    }

    /// <summary>A new version, in the transaction that stores it.</summary>
    /// <returns>False when another one has this number by now; nothing is stored then.</returns>
    public async Task<bool> TryMakeAsync(AppDbContext db, TenantKey key, byte[] plaintext, CancellationToken ct)
    {
        var auditKey = new byte[SecretKey.Length];
        TenantKeyMaterial.DeriveAuditKey(plaintext, auditKey);
        using var draft = new AuditDraft(
            Facts(AuditAction.MakeKey, $"version={key.Version} class={key.Class.ToString().ToLowerInvariant()} provider={key.Provider}"),
            db.TenantId, key.Version, auditKey);
        StampedEntry? stamped = null;
        try
        {
            if (!await store.TrySaveWithAsync(db, () => stamped = Renew(stamped, draft), ct))
            {
                return false;
            }
        }
        catch
        {
            Drop(stamped);
            throw;
        }

        numbers.Stored(stamped!.Entry);
        watch.Stored(stamped);
        return true;
    }

    private AuditFacts Facts(AuditAction action, string detail) => new(action, AuditOutcome.Success, process.Current) { Detail = detail };

    /// <summary>Of a transaction that runs again, because the one before failed.</summary>
    private StampedEntry Renew(StampedEntry? before, AuditDraft draft)
    {
        Drop(before);
        return AuditStamp.Stamp(draft, numbers);
    }

    private void Drop(StampedEntry? stamped)
    {
        if (stamped is not null)
        {
            numbers.NotStored(stamped.Entry);
        }
    }
}
