using System.Security.Cryptography;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// Events of operators. What changes rows has its event in its own transaction (<see cref="OpenAsync"/>), what gives
/// something out has it before (<see cref="WriteAsync"/>).
/// </summary>
internal sealed class VerbEvents(OwnerDatabase database, IServiceProvider services)
{
    // Not in the constructor: they need settings, which --help must not.
    private PlatformKey PlatformKey => services.GetRequiredService<PlatformKey>();

    /// <summary>The event is stored when it returns.</summary>
    /// <param name="tenant">In whose log; null for the platform's.</param>
    /// <param name="action">What is about to be done.</param>
    /// <param name="detail">Names, numbers and ids, as <c>month=2026-11 count=3</c>; never patients' data.</param>
    /// <param name="ct">To stop.</param>
    /// <exception cref="KeysUnavailableException">The tenant's keys cannot be had: nothing may be done.</exception>
    public async Task WriteAsync(TenantId? tenant, AuditAction action, string? detail, CancellationToken ct)
    {
        using var log = await OpenAsync(tenant, ct);
        await database.InTransactionAsync(
            async db =>
            {
                await log.AddAsync(db, action, detail, patient: null, ct);
                return true;
            },
            ct);
    }

    /// <summary>
    /// A log with its key at hand, because a transaction must not wait for the key service. A tenant that has no
    /// key, not yet or not any more, gets none by a verb: what happens with it is in the platform's log.
    /// </summary>
    /// <exception cref="KeysUnavailableException">The tenant's keys cannot be had.</exception>
    public async Task<VerbLog> OpenAsync(TenantId? tenant, CancellationToken ct)
    {
        if (tenant is not { } id || id == AuditEntry.Platform)
        {
            return OpenPlatform();
        }

        var ring = await services.GetRequiredService<TenantKeyRings>().HoldAsync(id, ct);
        try
        {
            if (ring.Active(DataClass.General, services.GetRequiredService<TimeProvider>().GetUtcNow()) is not { } material)
            {
                return OpenPlatform($"tenant={id}");
            }

            var key = new byte[SecretKey.Length];
            material.DeriveAuditKey(key);
            return new VerbLog(services, id, material.Version, key, about: null);
        }
        finally
        {
            ring.Release();
        }
    }

    /// <param name="about">What every detail begins with.</param>
    public VerbLog OpenPlatform(string? about = null) =>
        new(services, AuditEntry.Platform, PlatformKey.Version, PlatformKey.AuditKey.ToArray(), about);
}

/// <summary>A log that a verb adds to.</summary>
internal sealed class VerbLog(IServiceProvider services, TenantId tenant, int keyVersion, byte[] auditKey, string? about) : IDisposable
{
    /// <summary>As the last statement of the transaction, which is in the scope of the log's tenant from then on.</summary>
    public async Task AddAsync(AppDbContext db, AuditAction action, string? detail, Guid? patient, CancellationToken ct)
    {
        var facts = new AuditFacts(action, AuditOutcome.Success, services.GetRequiredService<ProcessActor>().Operator)
        {
            Detail = about is null || detail is null ? about ?? detail : $"{about} {detail}",
            Patients = patient is { } id ? [id] : [],
        };
        using var draft = new AuditDraft(facts, tenant, keyVersion, [.. auditKey]);
        // Whether it is committed is not seen here: as long as this process lives its later events say that this one may be missing.
        await services.GetRequiredService<AuditStore>().AddAsync(
            db, AuditStamp.Stamp(draft, services.GetRequiredService<AuditNumbers>()), ct);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(auditKey);
}
