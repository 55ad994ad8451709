using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>Places and releases holds for operators, and asks whether one stands.</summary>
internal sealed partial class LegalHolds(OwnerDatabase database, VerbEvents events, TimeProvider time)
{
    public static bool IsCaseReference(string text) =>
        text.Length <= LegalHold.MaximumCaseLength && CasePattern().IsMatch(text);

    /// <returns>False when it stands already.</returns>
    public async Task<bool> PlaceAsync(TenantId tenant, Guid? patient, string caseReference, CancellationToken ct)
    {
        using var log = await events.OpenAsync(tenant, ct);
        return await database.InTenantAsync(
            tenant,
            async db =>
            {
                if (patient is not null && !await db.Set<SubjectKey>().AnyAsync(key => key.SubjectId == patient && key.DestroyedAt == null, ct))
                {
                    throw new CommandException("This tenant has no patient with this id, or none any more: it was erased.");
                }

                if (await Standing(db).AnyAsync(hold => hold.SubjectId == patient && hold.CaseReference == caseReference, ct))
                {
                    return false;
                }

                var now = time.GetUtcNow();
                db.Add(new LegalHold
                {
                    TenantId = tenant,
                    Id = Guid.CreateVersion7(now),
                    SubjectId = patient,
                    CaseReference = caseReference,
                    PlacedAt = now,
                });
                await db.SaveChangesAsync(ct);
                await log.AddAsync(db, AuditAction.PlaceHold, $"case={caseReference}", patient, ct);
                return true;
            },
            ct);
    }

    public async Task ReleaseAsync(TenantId tenant, Guid? patient, string caseReference, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        using var log = await events.OpenAsync(tenant, ct);
        await database.InTenantAsync(
            tenant,
            async db =>
            {
                if (await Standing(db).Where(hold => hold.SubjectId == patient && hold.CaseReference == caseReference)
                    .ExecuteUpdateAsync(set => set.SetProperty(hold => hold.ReleasedAt, now), ct) == 0)
                {
                    throw new CommandException("No such hold stands; see keys holds.");
                }

                await log.AddAsync(db, AuditAction.ReleaseHold, $"case={caseReference}", patient, ct);
                return true;
            },
            ct);
    }

    public Task<List<LegalHold>> StandingAsync(TenantId tenant, CancellationToken ct) => database.InTenantAsync(
        tenant, db => Standing(db).AsNoTracking().OrderBy(hold => hold.PlacedAt).ToListAsync(ct), ct);

    /// <summary>Until the end of the transaction no hold can be placed, and none stands now.</summary>
    /// <param name="db">As the owner, in the tenant and in a transaction.</param>
    /// <param name="patient">Null for all of the tenant, its patients' holds included.</param>
    /// <param name="placedAfter">Earlier ones do not count.</param>
    /// <param name="ct">To stop.</param>
    /// <exception cref="CommandException">One stands.</exception>
    public static async Task RefuseAsync(AppDbContext db, Guid? patient, DateTimeOffset placedAfter, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"LOCK TABLE keys.legal_holds IN SHARE MODE", ct);
        var hold = await Standing(db).AsNoTracking()
            .Where(h => h.PlacedAt > placedAfter && (patient == null || h.SubjectId == null || h.SubjectId == patient))
            .OrderBy(h => h.PlacedAt).FirstOrDefaultAsync(ct);
        if (hold is not null)
        {
            var whom = hold.SubjectId is { } id ? $"of patient {id}" : "of the tenant";
            throw new CommandException($"A legal hold {whom} stands, case {hold.CaseReference}: nothing was erased.");
        }
    }

    /// <summary>The first that stands, of the tenant or of any patient. Until the end of the transaction none can be placed.</summary>
    /// <param name="db">As the owner, in the tenant and in a transaction.</param>
    /// <param name="ct">To stop.</param>
    public static async Task<LegalHold?> FindAsync(AppDbContext db, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"LOCK TABLE keys.legal_holds IN SHARE MODE", ct);
        return await Standing(db).AsNoTracking().OrderBy(h => h.PlacedAt).FirstOrDefaultAsync(ct);
    }

    private static IQueryable<LegalHold> Standing(AppDbContext db) => db.Set<LegalHold>().Where(hold => hold.ReleasedAt == null);

    [GeneratedRegex($"^{LegalHold.CasePattern}\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CasePattern();
}
