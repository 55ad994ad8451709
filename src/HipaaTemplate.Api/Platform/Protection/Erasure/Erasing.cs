using System.Reflection;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <param name="Text">The signed certificate.</param>
internal sealed record Erased(string Text, ErasureCertificate Certificate);

/// <summary>
/// Makes a patient's data, or a tenant's, unreadable by destroying its keys. In one transaction with everything
/// that goes with it and with the certificate: all of it, or nothing.
/// </summary>
internal sealed class Erasing(
    OwnerDatabase database,
    CertificateKeys certificateKeys,
    Darkening darkening,
    VerbEvents events,
    IOptions<ProtectionSettings> settings,
    TimeProvider time)
{
    private static readonly string Build =
        typeof(Erasing).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public Task<Erased> PatientAsync(Tenant tenant, Guid patient, CancellationToken ct) => CertifyAsync(
        tenant,
        patient,
        async (db, now) =>
        {
            var selection = KeySelection.Of(patient);
            var keys = await selection.In(db).AsNoTracking().ToListAsync(ct);
            if (keys.Count == 0)
            {
                throw new CommandException("This tenant has no patient with this id.");
            }

            if (keys.TrueForAll(key => key.DestroyedAt is not null))
            {
                throw new CommandException("The patient was erased before; keys certificate show prints the certificate.");
            }

            var darkened = await darkening.DarkenAsync(db, selection, now, ct);
            return (darkened, darkened.Keys);
        },
        ct);

    public Task<Erased> TenantAsync(Tenant tenant, CancellationToken ct) => CertifyAsync(
        tenant,
        patient: null,
        async (db, now) =>
        {
            // Locked, so that it stays suspended until all is done.
            var locked = await db.Tenants.FromSql($"SELECT * FROM app.tenants WHERE id = {tenant.Id.Value} FOR SHARE")
                .AsNoTracking().ToListAsync(ct);
            if (locked is not [{ Status: TenantStatus.Suspended }])
            {
                throw new CommandException($"The tenant is active: tenants suspend {tenant.Slug} first.");
            }

            var destroyed = await DestroyTenantKeysAsync(db, now, db.Set<TenantKey>(), ct);
            if (destroyed.Count == 0)
            {
                throw new CommandException("The tenant has no key that could be destroyed; if it was erased before, keys certificate show prints the certificate.");
            }

            var versions = await db.Set<TenantKey>().Select(key => key.Version).ToListAsync(ct);
            return (await darkening.DarkenAsync(db, KeySelection.Under(versions), now, ct), destroyed);
        },
        ct);

    /// <summary>
    /// What a certificate says, done again: a backup that was made before has brought the keys back. Holds that
    /// were placed before the erasure had been released for it; later ones count.
    /// </summary>
    /// <returns>Null when this database does not know the tenant.</returns>
    public async Task<Darkened?> AgainAsync(ErasureCertificate certificate, CancellationToken ct)
    {
        var id = certificate.TenantId;
        await using (var db = database.CreateContext())
        {
            if (!await db.Tenants.AnyAsync(t => t.Id == id, ct))
            {
                return null;
            }
        }

        using var log = await OpenLogAsync(id, certificate.PatientId, ct);
        return await database.InTenantAsync(
            id,
            async db =>
            {
                var now = time.GetUtcNow();
                await LegalHolds.RefuseAsync(db, certificate.PatientId, certificate.ErasedAt, ct);
                var darkened = await DarkenAgainAsync(db, certificate, now, ct);
                await AddEventAsync(log, db, certificate.PatientId, $"certificate={certificate.Id} again", ct);
                return darkened;
            },
            ct);
    }

    private async Task<Darkened> DarkenAgainAsync(AppDbContext db, ErasureCertificate certificate, DateTimeOffset now, CancellationToken ct)
    {
        if (certificate.PatientId is { } patient)
        {
            return await darkening.DarkenAsync(db, KeySelection.Of(patient), now, ct);
        }

        // By their ids: a version may be another key by now, of a tenant that began anew.
        var ids = certificate.Keys.Select(key => key.Id).ToList();
        var named = db.Set<TenantKey>().Where(key => ids.Contains(key.Id));
        await DestroyTenantKeysAsync(db, now, named, ct);
        return await darkening.DarkenAsync(db, KeySelection.Under(await named.Select(key => key.Version).ToListAsync(ct)), now, ct);
    }

    private async Task<Erased> CertifyAsync(
        Tenant tenant,
        Guid? patient,
        Func<AppDbContext, DateTimeOffset, Task<(Darkened Darkened, IReadOnlyList<DestroyedKey> Keys)>> eraseAsync,
        CancellationToken ct)
    {
        // Before the transaction: whoever is saving must not wait for the key service.
        using var signer = await certificateKeys.SigningAsync(ct);
        using var log = await OpenLogAsync(tenant.Id, patient, ct);
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        return await database.InTenantAsync(
            tenant.Id,
            async db =>
            {
                if (await CertificateLedger.FindAsync(db, id, ct) is { } done)
                {
                    // The transaction runs again because its commit was not answered, and it had been done.
                    return done.Read(signer);
                }

                await LegalHolds.RefuseAsync(db, patient, DateTimeOffset.MinValue, ct);
                var (darkened, keys) = await eraseAsync(db, now);
                var certificate = new ErasureCertificate
                {
                    Id = id,
                    Erased = patient is null ? ErasureCertificate.Tenant : ErasureCertificate.Patient,
                    TenantId = tenant.Id,
                    TenantSlug = tenant.Slug,
                    PatientId = patient,
                    Keys = keys,
                    PatientKeys = darkened.Keys.Count,
                    Tables = darkened.Tables,
                    Removed = darkened.Removed,
                    ErasedAt = now,
                    BackupsExpireAt = now.AddDays(settings.Value.BackupRetentionDays),
                    ErasedBy = await db.Database.SqlQuery<string>($"SELECT session_user::text AS \"Value\"").SingleAsync(ct),
                    Build = Build,
                };
                var erased = new Erased(SignedCertificate.Sign(certificate, signer), certificate);
                await CertificateLedger.AddAsync(db, erased, ct);
                await AddEventAsync(log, db, patient, $"certificate={id}", ct);
                return erased;
            },
            ct);
    }

    /// <summary>A tenant that is erased has no key for its own log any more.</summary>
    private async Task<VerbLog> OpenLogAsync(TenantId tenant, Guid? patient, CancellationToken ct) =>
        patient is null ? events.OpenPlatform($"tenant={tenant}") : await events.OpenAsync(tenant, ct);

    private static Task AddEventAsync(VerbLog log, AppDbContext db, Guid? patient, string detail, CancellationToken ct) =>
        log.AddAsync(db, patient is null ? AuditAction.EraseTenant : AuditAction.ErasePatient, detail, patient, ct);

    private static async Task<IReadOnlyList<DestroyedKey>> DestroyTenantKeysAsync(
        AppDbContext db, DateTimeOffset now, IQueryable<TenantKey> keys, CancellationToken ct)
    {
        // Nobody makes a patient's key under one of them from here on (keys.refuse_key_of_erased).
        await db.Database.ExecuteSqlAsync($"SELECT FROM keys.tenant_keys WHERE tenant_id = {db.TenantId.Value} FOR UPDATE", ct);
        var live = keys.Where(key => key.DestroyedAt == null);
        var destroyed = await live.OrderBy(key => key.Version).Select(key => new DestroyedKey(key.Id, key.Version)).ToListAsync(ct);
        await live.ExecuteUpdateAsync(
            set => set.SetProperty(key => key.Wrapped, (byte[]?)null).SetProperty(key => key.DestroyedAt, now), ct);
        return destroyed;
    }
}
