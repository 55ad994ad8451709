using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Erasure;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>Which key a row is sealed under.</summary>
internal static class SubjectKeys
{
    /// <summary>
    /// The subject's key under the version that seals now. A new subject's is saved with its first row; one for
    /// a subject that exists is made beforehand, because others may be making it at the same time.
    /// </summary>
    public static async Task<SubjectKey> FindOrAddAsync(
        AppDbContext db, PhiKeys keys, PhiEntity entity, TenantKeyMaterial active, bool isNew, CancellationToken ct)
    {
        var subject = entity.SubjectId;
        var known = db.ChangeTracker.Entries<SubjectKey>().Select(entry => entry.Entity)
            .FirstOrDefault(key => key.SubjectId == subject && key.KeyVersion == active.Version);
        if (known is not null)
        {
            return known;
        }

        if (isNew && subject == entity.Id)
        {
            var added = keys.NewSubjectKey(subject, active);
            db.Add(added);
            return added;
        }

        return await FindAsync(db, subject, active.Version, ct)
            ?? await AddAsync(db, keys, subject, active, ct);
    }

    /// <summary>The same for many subjects at once, none of them new. Erased ones get none.</summary>
    public static async Task<Dictionary<Guid, SubjectKey>> FindOrAddManyAsync(
        AppDbContext db, PhiKeys keys, Guid[] subjects, TenantKeyMaterial active, CancellationToken ct)
    {
        var known = await db.Set<SubjectKey>().AsNoTracking()
            .Where(key => subjects.Contains(key.SubjectId) && (key.KeyVersion == active.Version || key.DestroyedAt != null))
            .ToListAsync(ct);
        var made = subjects.Except(known.Select(key => key.SubjectId)).Select(subject => keys.NewSubjectKey(subject, active)).ToList();
        if (made.Count == 0)
        {
            return known.Where(key => key.DestroyedAt is null).ToDictionary(key => key.SubjectId);
        }

        await InsertAsync(db, keys, active.Version, made, ct);

        // Read again: somebody else may have made one of them a moment earlier.
        return await db.Set<SubjectKey>().AsNoTracking()
            .Where(key => subjects.Contains(key.SubjectId) && key.KeyVersion == active.Version && key.DestroyedAt == null)
            .ToDictionaryAsync(key => key.SubjectId, ct);
    }

    private static Task<SubjectKey?> FindAsync(AppDbContext db, Guid subject, int version, CancellationToken ct) =>
        db.Set<SubjectKey>().SingleOrDefaultAsync(key => key.SubjectId == subject && key.KeyVersion == version, ct);

    private static async Task<SubjectKey> AddAsync(
        AppDbContext db, PhiKeys keys, Guid subject, TenantKeyMaterial active, CancellationToken ct)
    {
        // An erased patient gets no new key: that would bring rows to life that say they are gone.
        if (await db.Set<SubjectKey>().AnyAsync(key => key.SubjectId == subject && key.DestroyedAt != null, ct))
        {
            throw new PhiErasedException();
        }

        await InsertAsync(db, keys, active.Version, [keys.NewSubjectKey(subject, active)], ct);
        return await FindAsync(db, subject, active.Version, ct)
            ?? throw new PhiErasedException();
    }

    /// <summary>Those that somebody else has made meanwhile are left as they are.</summary>
    private static async Task InsertAsync(
        AppDbContext db, PhiKeys keys, int version, List<SubjectKey> made, CancellationToken ct)
    {
        var (ids, subjects, wrapped) = (
            made.Select(key => key.Id).ToArray(), made.Select(key => key.SubjectId).ToArray(), made.Select(key => key.Wrapped!).ToArray());
        try
        {
            await db.Database.ExecuteSqlAsync($"""
                INSERT INTO keys.subject_keys (tenant_id, id, subject_id, key_version, wrapped, created_at)
                SELECT {keys.Tenant.Value}, n.id, n.subject_id, {version}, n.wrapped, {made[0].CreatedAt}
                FROM unnest({ids}, {subjects}, {wrapped}) n (id, subject_id, wrapped)
                ON CONFLICT (tenant_id, subject_id, key_version) DO NOTHING
                """, ct);
        }
        catch (PostgresException e) when (e.SqlState == ErasureGuard.TenantErased)
        {
            throw ErasureRefusal.Of(e, keys)!;
        }
    }
}
