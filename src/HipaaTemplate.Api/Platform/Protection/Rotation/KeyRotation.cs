using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Protection.Rotation;

/// <summary>
/// A tenant's next key: made, known to every node before the first of them uses it, everything sealed anew, the
/// former key retired when no node can be using it. Each step looks at what is stored and does what is missing,
/// so a rotation that was killed goes on where it was.
/// </summary>
internal sealed class KeyRotation(
    KeyLoading loading,
    Resealing resealing,
    TenantKeyRings rings,
    KeyProviders providers,
    KeyTimes times,
    OwnerDatabase owner,
    VerbEvents events,
    IOptions<ProtectionSettings> settings,
    TimeProvider time)
{
    public async Task<List<TenantKey>> KeysOfAsync(TenantId tenant, CancellationToken ct) =>
        await owner.InTenantAsync(tenant, db => db.Set<TenantKey>().AsNoTracking().OrderBy(key => key.Version).ToListAsync(ct), ct);

    /// <summary>Values sealed under each version, as far as blocks were taken.</summary>
    public async Task<Dictionary<int, long>> UsesOfAsync(TenantId tenant, CancellationToken ct) =>
        await owner.InTenantAsync(
            tenant,
            db => db.Set<KeyUse>().GroupBy(use => use.KeyVersion)
                .Select(group => new { Version = group.Key, Values = group.Sum(use => use.Values) })
                .ToDictionaryAsync(group => group.Version, group => group.Values, ct),
            ct);

    /// <summary>Begins a rotation for every class that has a key and none under way.</summary>
    /// <returns>The new versions.</returns>
    /// <exception cref="KeyProviderException">The provider makes none.</exception>
    public async Task<IReadOnlyList<int>> BeginAsync(TenantId tenant, CancellationToken ct)
    {
        List<int> versions = [];
        var keys = await KeysOfAsync(tenant, ct);
        foreach (var inUse in InUse(keys).Where(group => group.Count() == 1 && !IsEnding(keys, group.Key)))
        {
            if (await loading.GenerateAsync(tenant, inUse.Key, times.Delay, ct) is { } made)
            {
                CryptographicOperations.ZeroMemory(made.Plaintext);
                versions.Add(made.Version);
            }
        }

        rings.Forget(tenant);
        return versions;
    }

    /// <summary>When every version that was made seals; null when none is waiting.</summary>
    public async Task<DateTimeOffset?> SealsFromAsync(TenantId tenant, CancellationToken ct) =>
        Newest(await KeysOfAsync(tenant, ct)).Select(key => (DateTimeOffset?)key.ActiveFrom)
            .Where(from => from > time.GetUtcNow()).Max();

    /// <summary>When no node can be sealing under a former version any more; null when there is none.</summary>
    public async Task<DateTimeOffset?> SettledFromAsync(TenantId tenant, CancellationToken ct) =>
        InUse(await KeysOfAsync(tenant, ct)).Where(keys => keys.Count() > 1)
            .Select(keys => (DateTimeOffset?)keys.Max(key => key.ActiveFrom) + times.Settling).Max();

    /// <summary>
    /// When no node can be writing hashes under a version that was retired; null when none was lately. Its index
    /// columns are emptied once more then.
    /// </summary>
    public async Task<DateTimeOffset?> ClearsFromAsync(TenantId tenant, CancellationToken ct) =>
        (await KeysOfAsync(tenant, ct)).Select(key => key.RetiredAt + times.Delay).Where(from => from > time.GetUtcNow()).Max();

    public Task ClearAsync(TenantId tenant, CancellationToken ct)
    {
        rings.Forget(tenant);
        return resealing.ClearIndexesAsync(tenant, ct);
    }

    /// <summary>Retires former versions that are settled and have no rows; clears what only they used.</summary>
    /// <returns>The versions.</returns>
    /// <exception cref="UnknownRowsException">Rows of a table that this build does not know are under one of them.</exception>
    public async Task<IReadOnlyList<int>> RetireAsync(TenantId tenant, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var former = InUse(await KeysOfAsync(tenant, ct))
            .Where(keys => keys.Count() > 1 && keys.Max(key => key.ActiveFrom) + times.Settling <= now)
            .SelectMany(keys => keys.SkipLast(1)).Select(key => key.Version).ToList();
        if (former.Count > 0)
        {
            // Counting reads every row of the tenant, so only where there is something to retire.
            var counts = await resealing.CountAsync(tenant, ct);
            former.RemoveAll(counts.ContainsKey);
            await RetireAsync(tenant, former, now, ct);
        }

        await ClearAsync(tenant, ct);
        return former;
    }

    /// <summary>Destroys versions that were retired before the oldest backup that is kept was made.</summary>
    public async Task<int> DestroyAsync(TenantId tenant, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var before = now - TimeSpan.FromDays(settings.Value.BackupRetentionDays);
        using var log = await events.OpenAsync(tenant, ct);
        return await owner.InTenantAsync(
            tenant,
            async db =>
            {
                var keys = db.Set<TenantKey>().Where(key => key.RetiredAt < before && key.DestroyedAt == null);
                var versions = await keys.OrderBy(key => key.Version).Select(key => key.Version).ToListAsync(ct);
                if (versions.Count > 0)
                {
                    await keys.Where(key => versions.Contains(key.Version)).ExecuteUpdateAsync(
                        set => set.SetProperty(key => key.Wrapped, (byte[]?)null).SetProperty(key => key.DestroyedAt, now), ct);
                    await log.AddAsync(db, AuditAction.DestroyKeys, $"versions={string.Join(',', versions)}", patient: null, ct);
                }

                return versions.Count;
            },
            ct);
    }

    /// <summary>Wraps a tenant's keys with the provider's key of today.</summary>
    /// <returns>How many there were; those that are destroyed have nothing to wrap.</returns>
    /// <exception cref="KeyProviderException">One of them could not be; those before it are.</exception>
    public async Task<int> RewrapAsync(TenantId tenant, CancellationToken ct)
    {
        var count = 0;
        using var log = await events.OpenAsync(tenant, ct);
        foreach (var key in (await KeysOfAsync(tenant, ct)).Where(key => key.Wrapped is not null))
        {
            var rewrapped = await providers.Find(key.Provider).RewrapAsync(
                new WrappedKey(key.ProviderKeyId, key.Wrapped!), loading.ContextOf(tenant, key.Class, key.Version), ct);

            // What cannot be opened again must not take the place of what can.
            CryptographicOperations.ZeroMemory(await loading.UnwrapAsync(key, rewrapped, ct));
            count += await owner.InTenantAsync(
                tenant,
                async db =>
                {
                    var changed = await db.Set<TenantKey>().Where(stored => stored.Id == key.Id && stored.Wrapped == key.Wrapped).ExecuteUpdateAsync(
                        set => set.SetProperty(stored => stored.Wrapped, rewrapped.Bytes).SetProperty(stored => stored.ProviderKeyId, rewrapped.KeyId), ct);
                    if (changed > 0)
                    {
                        await log.AddAsync(db, AuditAction.RewrapKey, $"version={key.Version}", patient: null, ct);
                    }

                    return changed;
                },
                ct);
        }

        return count;
    }

    private async Task RetireAsync(TenantId tenant, List<int> former, DateTimeOffset now, CancellationToken ct)
    {
        if (former.Count == 0)
        {
            return;
        }

        using var log = await events.OpenAsync(tenant, ct);
        try
        {
            await owner.InTenantAsync(tenant, async db =>
            {
                await db.Set<TenantKey>().Where(key => former.Contains(key.Version) && key.RetiredAt == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(key => key.RetiredAt, now), ct);
                await db.Set<SubjectKey>().Where(key => former.Contains(key.KeyVersion) && key.DestroyedAt == null).ExecuteDeleteAsync(ct);
                await log.AddAsync(db, AuditAction.RetireKeys, $"versions={string.Join(',', former)}", patient: null, ct);
                return true;
            }, ct);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            throw new UnknownRowsException(e);
        }
    }

    /// <summary>Versions in use, by class, oldest first.</summary>
    private static IEnumerable<IGrouping<DataClass, TenantKey>> InUse(IEnumerable<TenantKey> keys) =>
        keys.Where(key => key.RetiredAt is null && key.DestroyedAt is null).OrderBy(key => key.Version).GroupBy(key => key.Class);

    private bool IsEnding(IEnumerable<TenantKey> keys, DataClass dataClass) =>
        keys.Any(key => key.Class == dataClass && key.RetiredAt + times.Delay > time.GetUtcNow());

    private static IEnumerable<TenantKey> Newest(IEnumerable<TenantKey> keys) => InUse(keys).Select(group => group.Last());
}

/// <summary>The database's references hold a key that this build sees no row under: a deleted feature's table is still there.</summary>
internal sealed class UnknownRowsException(Exception inner) : Exception("Rows of a table that this build does not know are under a former key.", inner);
