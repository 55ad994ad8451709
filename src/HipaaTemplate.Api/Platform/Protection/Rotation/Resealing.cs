using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection.Rotation;

/// <param name="Sealed">Rows that were sealed anew.</param>
/// <param name="Left">Rows under a former version: in use just now, or not to be opened.</param>
/// <param name="Refused">Of those the ones that do not open, each a security event in the log.</param>
internal sealed record ResealResult(long Sealed, long Left, long Refused);

/// <summary>
/// Seals rows that are under a former key of the tenant anew, beside requests and without a lock that one would
/// wait for. It may be stopped anywhere and run again, and several may run at once.
/// </summary>
internal sealed partial class Resealing(
    TenantScopes scopes, RowRewriter rewriter, AuditTrail trail, TimeProvider time, ILogger<Resealing> logger)
{
    /// <summary>Passes over what others held; who is still in the way after them is left for the next run.</summary>
    private const int Passes = 20;

    public async Task<ResealResult> ResealAsync(TenantId tenant, CancellationToken ct)
    {
        HashSet<Guid> refused = [];
        long resealed = 0;
        foreach (var rows in Tables(tenant))
        {
            var inTheWay = await HasRowsAsync(tenant, rows, ct);
            for (var pass = 0; pass < Passes && inTheWay; pass++)
            {
                var (done, left) = await PassAsync(tenant, rows, refused, ct);
                resealed += done;
                inTheWay = left > 0;
            }
        }

        return new ResealResult(resealed, await LeftAsync(tenant, ct), refused.Count);
    }

    /// <summary>Rows by version, over all tables of the tenant.</summary>
    public async Task<Dictionary<int, long>> CountAsync(TenantId tenant, CancellationToken ct)
    {
        Dictionary<int, long> counts = [];
        foreach (var rows in Tables(tenant))
        {
            await using var scope = scopes.Enter(tenant);
            foreach (var (version, count) in await rows.CountAsync(Db(scope), ct))
            {
                counts[version] = counts.GetValueOrDefault(version) + count;
            }
        }

        return counts;
    }

    /// <summary>Empties the index columns that belong to no version any more.</summary>
    public async Task ClearIndexesAsync(TenantId tenant, CancellationToken ct)
    {
        foreach (var rows in Tables(tenant))
        {
            await using var scope = scopes.Enter(tenant);
            var keys = Db(scope).Keys!;
            await keys.PrepareAsync(ct);
            var used = keys.VersionsOf(rows.Table.Class).Select(version => (int)version.IndexSlot).ToHashSet();
            for (var i = 0; i < rows.IndexColumnNames.Count; i++)
            {
                if (used.Count > 0 && !used.Contains(i % 2))
                {
                    await rewriter.ClearAsync(tenant, rows.TableName, rows.IndexColumnNames[i], ct);
                }
            }
        }
    }

    private static AppDbContext Db(AsyncServiceScope scope) => scope.ServiceProvider.GetRequiredService<AppDbContext>();

    private IReadOnlyList<SealedRows> Tables(TenantId tenant)
    {
        using var scope = scopes.Enter(tenant);
        return SealedRows.All(Db(scope));
    }

    /// <summary>An empty table must not get a key made for it.</summary>
    private async Task<bool> HasRowsAsync(TenantId tenant, SealedRows rows, CancellationToken ct)
    {
        await using var scope = scopes.Enter(tenant);
        return (await rows.NextAsync(Db(scope), int.MaxValue, Guid.Empty, 1, ct)).Length > 0;
    }

    private async Task<long> LeftAsync(TenantId tenant, CancellationToken ct)
    {
        long left = 0;
        foreach (var rows in Tables(tenant))
        {
            await using var scope = scopes.Enter(tenant);
            var counts = await rows.CountAsync(Db(scope), ct);
            if (counts.Count > 0)
            {
                var active = await Db(scope).Keys!.ActiveAsync(rows.Table.Class, ct);
                left += counts.Where(pair => pair.Key < active.Version).Sum(pair => pair.Value);
            }
        }

        return left;
    }

    private async Task<(long Done, long Left)> PassAsync(
        TenantId tenant, SealedRows rows, HashSet<Guid> refused, CancellationToken ct)
    {
        var (done, left, last) = (0L, 0L, Guid.Empty);
        while (true)
        {
            var began = time.GetTimestamp();
            // A unit of work for each batch: keys are wiped between them, and a new one has today's.
            await using var scope = scopes.Enter(tenant);
            var db = Db(scope);
            var active = await db.Keys!.ActiveAsync(rows.Table.Class, ct);
            var ids = await rows.NextAsync(db, active.Version, last, RowRewriter.RowsAtOnce, ct);
            if (ids.Length == 0)
            {
                return (done, left);
            }

            if (last == Guid.Empty)
            {
                await TellAsync(db, rows, active, ct);
            }

            last = ids[^1];
            var batch = await BatchAsync(db, tenant, rows, active, [.. ids.Where(id => !refused.Contains(id))], refused, ct);
            var written = batch.Count == 0 ? 0 : await rewriter.RewriteAsync(
                tenant, rows.TableName, [.. rows.ColumnNames, .. rows.IndexColumnNames], batch, ct);
            done += written;
            left += batch.Count - written;
            await rewriter.PauseAsync(began, ct);
        }
    }

    private async Task TellAsync(AppDbContext db, SealedRows rows, TenantKeyMaterial active, CancellationToken ct)
    {
        var facts = new AuditFacts(AuditAction.ResealRecords, AuditOutcome.Success, AuditActor.System("reseal"))
        { Detail = $"table={rows.Table.Number} version={active.Version}" };
        await trail.WriteAsync(AuditDraft.OfTenant(facts, db.TenantId, await db.Keys!.ActiveAsync(DataClass.General, ct)), ct);
    }

    private async Task<List<RowRewrite>> BatchAsync(
        AppDbContext db,
        TenantId tenant,
        SealedRows rows,
        TenantKeyMaterial active,
        Guid[] ids,
        HashSet<Guid> refused,
        CancellationToken ct)
    {
        var seen = await rewriter.SeenAsync(tenant, rows.TableName, ids, ct);
        var entities = await rows.LoadAsync(db, ids, ct);
        var subjectKeys = await SubjectKeys.FindOrAddManyAsync(
            db, db.Keys!, [.. entities.Select(entity => entity.SubjectId).Distinct()], active, ct);
        List<RowRewrite> batch = [];
        foreach (var entity in entities.Where(entity => entity.SubjectKey!.KeyVersion < active.Version))
        {
            if (seen.TryGetValue(entity.Id, out var xmin) && subjectKeys.TryGetValue(entity.SubjectId, out var key))
            {
                try
                {
                    batch.Add(new RowRewrite(entity.Id, xmin, key.Id, Reseal(db.Keys!, rows.Table, entity, key)));
                }
                catch (PhiException e)
                {
                    refused.Add(entity.Id);
                    NotResealed(logger, tenant, rows.Table.Number, entity.Id, e.Error.Code);
                }
            }
        }

        await db.Keys!.CountAsync(active, batch.Count * (long)rows.ColumnNames.Count, ct);
        return batch;
    }

    private static List<byte[]?> Reseal(PhiKeys keys, PhiTable table, PhiEntity entity, SubjectKey key)
    {
        var row = new PhiRow(keys, table, entity, key);
        var versions = keys.VersionsOf(table.Class);
        return
        [
            .. table.Columns.Select(column => column.Get(entity)?.SealFor(row, column).Envelope),
            .. table.Indexes.SelectMany(index => index.Of(versions, entity)),
        ];
    }

    [LoggerMessage(1540, LogLevel.Error, "A row of tenant {TenantId} cannot be sealed anew: table {Table}, row {Row}, {Code}")]
    private static partial void NotResealed(ILogger logger, TenantId tenantId, int table, Guid row, string code);
}
