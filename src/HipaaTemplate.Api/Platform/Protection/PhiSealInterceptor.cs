using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Erasure;
using HipaaTemplate.Platform.Protection.Keys;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// Seals what is new or changed, and indexes it, before it is saved. A row that is still under a former key
/// is sealed anew as a whole, so that all of a row is under one key.
/// </summary>
internal sealed class PhiSealInterceptor : SaveChangesInterceptor
{
    public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default)
    {
        var db = (AppDbContext)eventData.Context!;
        foreach (var entry in db.ChangeTracker.Entries<PhiEntity>()
            .Where(entry => entry.State is EntityState.Added or EntityState.Modified).ToList())
        {
            await SealAsync(db, entry, cancellationToken);
        }

        return result;
    }

    public override Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default) =>
        ErasureRefusal.Of(eventData.Exception, (eventData.Context as AppDbContext)?.Keys) is { } refusal ? throw refusal : Task.CompletedTask;

    // Keys are fetched asynchronously; a row saved here would not be sealed.
    public override InterceptionResult<int> SavingChanges(
        DbContextEventData eventData, InterceptionResult<int> result) =>
        ((AppDbContext)eventData.Context!).ChangeTracker.Entries<PhiEntity>()
            .Any(entry => entry.State is EntityState.Added or EntityState.Modified)
            ? throw new NotSupportedException("Saving is asynchronous here: use SaveChangesAsync.")
            : result;

    private static async Task SealAsync(AppDbContext db, EntityEntry<PhiEntity> entry, CancellationToken ct)
    {
        var keys = db.Keys ?? throw new InvalidOperationException("Patients' data is saved in a tenant's unit of work only.");
        var entity = entry.Entity;
        var table = PhiTable.Of(entity.GetType());
        var active = await keys.ActiveAsync(table.Class, ct);
        var former = entry.State == EntityState.Added ? null : entity.SubjectKey
            ?? throw new InvalidOperationException($"{table.Entity.Name} was loaded without its key.");
        var key = former?.KeyVersion == active.Version
            ? former
            : await SubjectKeys.FindOrAddAsync(db, keys, entity, active, entry.State == EntityState.Added, ct);

        // Before the key is replaced: what is under the former one is opened with it.
        var values = table.Columns.Select(column => (Column: column, Value: column.Get(entity)))
            .Where(cell => cell.Value is not null).ToList();
        foreach (var (_, value) in values)
        {
            _ = value!.Row?.SubjectKey;
        }

        // One that is replaced was opened to be compared. One that is only taken away was not.
        foreach (var column in table.Columns.Where(column => former is not null && column.Get(entity) is null))
        {
            (entry.Property(column.Name).OriginalValue as IPhi)?.Verify();
        }

        entity.SealUnder(key);
        var row = new PhiRow(keys, table, entity);
        var unsealed = values.Where(cell => cell.Value!.Row is not { } bound || bound.Entity != entity || bound.SubjectKey != key).ToList();
        await keys.CountAsync(active, unsealed.Count, ct);
        foreach (var (column, value) in unsealed)
        {
            column.Set(entity, value!.SealFor(row, column));
            if (entry.State == EntityState.Modified)
            {
                entry.Property(column.Name).IsModified = true;
            }
        }

        Index(entry, table, keys, isWhole: key != former);
    }

    /// <param name="isWhole">Every index; else those of a column that changed.</param>
    private static void Index(EntityEntry<PhiEntity> entry, PhiTable table, PhiKeys keys, bool isWhole)
    {
        foreach (var index in table.Indexes)
        {
            if (!isWhole && !index.Columns.Any(column => entry.Property(column.Name).IsModified))
            {
                continue;
            }

            foreach (var (slot, hash) in index.Of(keys.VersionsOf(table.Class), entry.Entity).Index())
            {
                entry.Property(index.PropertyOf(slot)).CurrentValue = hash;
            }
        }
    }
}
