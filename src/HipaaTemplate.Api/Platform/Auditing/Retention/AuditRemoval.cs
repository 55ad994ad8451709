using System.Globalization;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Erasure;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Retention;

internal enum RemovalOutcome
{
    Destroyed,
    NotArchived,

    /// <summary>The archive is not what it was.</summary>
    Damaged,

    /// <summary>A legal hold stands, of the tenant or of one of its patients; of the platform's log any one.</summary>
    Held,

    /// <summary>Events came since it was archived.</summary>
    Grown,
}

/// <summary>
/// Destroys months whose time is over. First a log is told to be no more, with its event, in one short transaction;
/// then its rows go in steps, because nothing is sealed past a transaction that is open.
/// </summary>
internal sealed class AuditRemoval(
    OwnerDatabase database, ArchiveStore store, RemovalStore removal, AuditArchive archive, LegalHolds holds, VerbEvents events,
    IOptions<RetentionSettings> settings, TimeProvider time)
{
    /// <summary>A partition is in use: whoever reads the trail is done by then, or it is dropped another time.</summary>
    private const int Attempts = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Those whose time is over, the oldest first.</summary>
    public async Task<List<KeptLog>> DueAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        return [.. (await store.LogsAsync(ct)).Where(log => log.Log.End.AddYears(log.Years ?? settings.Value.Years) <= now)];
    }

    /// <summary>From then on the log is none any more; its rows may still be there (<see cref="CompleteAsync"/>).</summary>
    /// <param name="log">Due.</param>
    /// <param name="isDry">Only looks whether it would be.</param>
    /// <param name="ct">To stop.</param>
    /// <exception cref="IOException">The archive cannot be read.</exception>
    public async Task<RemovalOutcome> DestroyAsync(KeptLog log, bool isDry, CancellationToken ct)
    {
        if (log.Archive is not { } file)
        {
            return RemovalOutcome.NotArchived;
        }

        if (!await archive.HoldsAsync(log, ct))
        {
            return RemovalOutcome.Damaged;
        }

        if (log.Log.Tenant == AuditEntry.Platform && await IsAnyHeldAsync(ct))
        {
            return RemovalOutcome.Held;
        }

        using var trail = await events.OpenAsync(log.Log.Tenant, ct);
        return await database.InTenantAsync(
            log.Log.Tenant,
            async db =>
            {
                if (await LegalHolds.FindAsync(db, ct) is not null)
                {
                    return RemovalOutcome.Held;
                }

                if (!await RemovalStore.IsAsArchivedAsync(db, log, ct))
                {
                    return RemovalOutcome.Grown;
                }

                if (!isDry && await RemovalStore.TryMarkAsync(db, log, file, time.GetUtcNow(), ct))
                {
                    await trail.AddAsync(db, AuditAction.DestroyLog, DetailOf(log, file), patient: null, ct);
                }

                return RemovalOutcome.Destroyed;
            },
            ct);
    }

    /// <summary>Removes what is left of destroyed logs, here or in a run that was stopped.</summary>
    /// <returns>False when a partition with nothing left in it is in use, and so still there.</returns>
    public async Task<bool> CompleteAsync(CancellationToken ct)
    {
        var isDone = true;
        foreach (var month in await store.MonthsToDropAsync(ct))
        {
            isDone &= !await store.IsOnlyDestroyedAsync(month, ct) || await DropAsync(month, ct);
        }

        foreach (var log in await store.ToRemoveAsync(ct))
        {
            while (await database.InTenantAsync(log.Tenant, db => RemovalStore.RemoveSomeAsync(db, log, ct), ct))
            {
            }
        }

        return isDone;
    }

    /// <summary>Of a tenant, or of the platform's log.</summary>
    public async Task SetYearsAsync(TenantId tenant, int years, CancellationToken ct)
    {
        using var trail = await events.OpenAsync(tenant, ct);
        await database.InTenantAsync(
            tenant,
            async db =>
            {
                await RemovalStore.SetYearsAsync(db, tenant, years, time.GetUtcNow(), ct);
                await trail.AddAsync(db, AuditAction.SetRetention, $"years={years}", patient: null, ct);
                return true;
            },
            ct);
    }

    /// <summary>The platform's log tells who was not let in, of whichever tenant.</summary>
    private async Task<bool> IsAnyHeldAsync(CancellationToken ct)
    {
        await using var db = database.CreateContext();
        foreach (var tenant in await db.Tenants.AsNoTracking().Select(tenant => tenant.Id).ToListAsync(ct))
        {
            if ((await holds.StandingAsync(tenant, ct)).Count > 0)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> DropAsync(DateOnly month, CancellationToken ct)
    {
        for (var attempt = 1; !await removal.TryDropAsync(month, ct); attempt++)
        {
            if (attempt == Attempts)
            {
                return false;
            }

            await Task.Delay(Pause, TimeProvider.System, ct);
        }

        return true;
    }

    private static string DetailOf(KeptLog log, ArchivedFile file) => string.Create(
        CultureInfo.InvariantCulture,
        $"month={log.Log.MonthText} size={log.Size} root={Convert.ToBase64String(log.Root)} sha256={Convert.ToHexStringLower(file.Sha256)}");
}
