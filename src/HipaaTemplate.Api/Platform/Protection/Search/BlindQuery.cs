using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Protection.Search;

/// <summary>
/// Rows by a sealed value, in two steps: those with its hash, by the database, and of them those that really
/// have it, here. A hash of few bits is shared by others, whom the caller must not be shown.
/// </summary>
internal sealed class BlindQuery<TEntity>
    where TEntity : PhiEntity
{
    private readonly BlindIndex index;
    private readonly string[] normalised;
    private readonly byte[]? a;
    private readonly byte[]? b;

    private BlindQuery(BlindIndex index, string[] normalised, PhiKeys keys)
    {
        this.index = index;
        this.normalised = normalised;
        foreach (var material in keys.VersionsOf(PhiTable.Of(typeof(TEntity)).Class))
        {
            var hash = index.Of(material, normalised);
            (a, b) = material.IndexSlot == 0 ? (hash, b) : (a, hash);
        }
    }

    /// <param name="db">Of a tenant.</param>
    /// <param name="values">By property, one for each column of the index; how they are written does not matter.</param>
    /// <param name="ct">To stop waiting for the keys.</param>
    /// <exception cref="KeysUnavailableException">The tenant's keys cannot be had.</exception>
    public static async Task<BlindQuery<TEntity>> CreateAsync(
        AppDbContext db, IReadOnlyList<(string Column, string Value)> values, CancellationToken ct)
    {
        var keys = db.Keys ?? throw new InvalidOperationException("Sealed values are looked for in a tenant's unit of work only.");
        var found = PhiTable.Of(typeof(TEntity)).Indexes
            .FirstOrDefault(i => i.Columns.Select(column => column.Name).SequenceEqual(values.Select(value => value.Column)))
            ?? throw new InvalidOperationException($"{typeof(TEntity).Name} has no blind index on {string.Join(" and ", values.Select(value => value.Column))}.");
        await keys.PrepareAsync(ct);
        return new BlindQuery<TEntity>(found, found.Normalise([.. values.Select(value => value.Value)]), keys);
    }

    /// <summary>Rows with the hash; while a key is being replaced, under either.</summary>
    public IQueryable<TEntity> Candidates(IQueryable<TEntity> rows)
    {
        var (inA, inB) = (index.PropertyOf(0), index.PropertyOf(1));
        return (a, b) switch
        {
            (null, null) => rows.Where(_ => false),
            (_, null) => rows.Where(row => EF.Property<byte[]>(row, inA) == a),
            (null, _) => rows.Where(row => EF.Property<byte[]>(row, inB) == b),
            _ => rows.Where(row => EF.Property<byte[]>(row, inA) == a || EF.Property<byte[]>(row, inB) == b),
        };
    }

    /// <summary>Of a candidate. It does not count as read: whoever is passed over is shown to nobody.</summary>
    public bool Matches(TEntity row) => index.Matches(row, normalised);
}
