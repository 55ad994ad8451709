using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace HipaaTemplate.Platform.Protection.Rotation;

/// <summary>The rows of one entity with patients' data, removed ones too, whatever entity it is.</summary>
internal abstract class SealedRows
{
    protected SealedRows(AppDbContext db, IEntityType entity)
    {
        Table = PhiTable.Of(entity.ClrType);
        var sql = db.GetService<ISqlGenerationHelper>();
        TableName = sql.DelimitIdentifier(entity.GetTableName()!, entity.GetSchema());
        ColumnNames = [.. Table.Columns.Select(column => ColumnOf(column.Name))];
        IndexColumnNames = [.. Table.Indexes.SelectMany(index => (string[])[ColumnOf(index.PropertyOf(0)), ColumnOf(index.PropertyOf(1))])];
        string ColumnOf(string property) => sql.DelimitIdentifier(entity.FindProperty(property)!.GetColumnName());
    }

    public PhiTable Table { get; }

    /// <summary>Qualified and quoted, as the columns are.</summary>
    public string TableName { get; }

    public IReadOnlyList<string> ColumnNames { get; }

    /// <summary>Of each index the column of slot 0 and that of slot 1.</summary>
    public IReadOnlyList<string> IndexColumnNames { get; }

    public static IReadOnlyList<SealedRows> All(AppDbContext db) =>
    [
        .. db.Model.GetEntityTypes().Where(entity => typeof(PhiEntity).IsAssignableFrom(entity.ClrType))
            .Select(entity => (SealedRows)Activator.CreateInstance(typeof(SealedRows<>).MakeGenericType(entity.ClrType), db, entity)!)
            .OrderBy(rows => rows.Table.Number),
    ];

    /// <summary>Rows by the version of the tenant's key they are under. Erased ones are under none.</summary>
    public abstract Task<Dictionary<int, long>> CountAsync(AppDbContext db, CancellationToken ct);

    /// <summary>Ids, in their order, of rows under a version before this one.</summary>
    public abstract Task<Guid[]> NextAsync(AppDbContext db, int version, Guid after, int count, CancellationToken ct);

    public abstract Task<IReadOnlyList<PhiEntity>> LoadAsync(AppDbContext db, Guid[] ids, CancellationToken ct);
}

internal sealed class SealedRows<TEntity>(AppDbContext db, IEntityType entity) : SealedRows(db, entity)
    where TEntity : PhiEntity
{
    // Whatever hides rows from requests must not hide them from their next key.
    private readonly List<string> filters =
        [.. entity.GetDeclaredQueryFilters().Select(filter => filter.Key!).Where(name => name != Filters.Tenant)];

    public override async Task<Dictionary<int, long>> CountAsync(AppDbContext db, CancellationToken ct) =>
        await Rows(db).Where(row => row.SubjectKey!.DestroyedAt == null)
            .GroupBy(row => row.SubjectKey!.KeyVersion)
            .Select(group => new { Version = group.Key, Count = group.LongCount() })
            .ToDictionaryAsync(group => group.Version, group => group.Count, ct);

    public override Task<Guid[]> NextAsync(AppDbContext db, int version, Guid after, int count, CancellationToken ct) =>
        Rows(db).Where(row => row.SubjectKey!.KeyVersion < version && row.SubjectKey.DestroyedAt == null && row.Id > after)
            .OrderBy(row => row.Id).Select(row => row.Id).Take(count).ToArrayAsync(ct);

    public override async Task<IReadOnlyList<PhiEntity>> LoadAsync(AppDbContext db, Guid[] ids, CancellationToken ct) =>
        await Rows(db).Where(row => ids.Contains(row.Id)).ToListAsync(ct);

    private IQueryable<TEntity> Rows(AppDbContext db) => db.Set<TEntity>().IgnoreQueryFilters(filters).AsNoTracking();
}
