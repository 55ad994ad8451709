using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <param name="Keys">Patients' keys that were destroyed.</param>
internal sealed record Darkened(
    IReadOnlyList<DestroyedKey> Keys, IReadOnlyList<DarkenedTable> Tables, IReadOnlyDictionary<string, int> Removed);

/// <summary>Destroys patients' keys, and all that would tell something of them without the keys.</summary>
internal sealed class Darkening(IEnumerable<ISubjectErasure> features)
{
    /// <param name="db">As the owner, in the tenant and in a transaction.</param>
    /// <param name="selection">The keys.</param>
    /// <param name="now">When they are destroyed.</param>
    /// <param name="ct">To stop.</param>
    public async Task<Darkened> DarkenAsync(AppDbContext db, KeySelection selection, DateTimeOffset now, CancellationToken ct)
    {
        // Rows first and keys after, in the order that saving takes them; then what was saved meanwhile.
        var sealedTables = await SealedTable.AllAsync(db, ct);
        Dictionary<string, long> hashes = [];
        foreach (var table in sealedTables)
        {
            hashes[table.Name] = (await table.ClearIndexesAsync(db, selection, ct)).Values;
        }

        await selection.LockAsync(db, ct);
        List<DarkenedTable> tables = [];
        foreach (var table in sealedTables)
        {
            var (rows, values) = await table.ClearIndexesAsync(db, selection, ct);
            if (rows > 0)
            {
                tables.Add(new DarkenedTable(table.Name, rows, hashes[table.Name] + values));
            }
        }

        SortedDictionary<string, int> removed = [];
        foreach (var feature in features)
        {
            removed.Add(feature.Name, await feature.EraseAsync(
                new SubjectsToErase(db, selection.In(db).Select(key => key.SubjectId), now), ct));
        }

        var keys = selection.In(db).Where(key => key.DestroyedAt == null);
        var destroyed = await keys.OrderBy(key => key.KeyVersion)
            .Select(key => new DestroyedKey(key.Id, key.KeyVersion)).ToListAsync(ct);
        await keys.ExecuteUpdateAsync(
            set => set.SetProperty(key => key.Wrapped, (byte[]?)null).SetProperty(key => key.DestroyedAt, now), ct);
        return new Darkened(destroyed, tables, removed);
    }
}
