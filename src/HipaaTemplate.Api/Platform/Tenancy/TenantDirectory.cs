using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;

namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// Status of tenants by id. Cached, so that a request stays at one round trip; a suspension takes
/// effect on every instance within <see cref="Freshness"/>.
/// </summary>
internal sealed class TenantDirectory(IDbContextFactory<AppDbContext> contexts, TimeProvider time)
    : IDisposable
{
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);
    private const int MaximumTenants = 100_000;

    private static readonly CompiledQuery<Func<AppDbContext, TenantId, CancellationToken, Task<TenantStatus?>>> FindStatus =
        new(() => EF.CompileAsyncQuery((AppDbContext db, TenantId id, CancellationToken ct) => db.Set<Tenant>()
            .Where(t => t.Id == id)
            .Select(t => (TenantStatus?)t.Status)
            .SingleOrDefault()));

    private readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = MaximumTenants });

    /// <returns>Null for a tenant that is not registered.</returns>
    public async ValueTask<TenantStatus?> FindStatusAsync(TenantId id, CancellationToken ct)
    {
        if (cache.TryGetValue(id, out Entry? entry) && entry!.FreshUntil > time.GetUtcNow())
        {
            return entry.Status;
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        var status = await FindStatus.For(db)(db, id, ct);
        cache.Set(id, new Entry(status, time.GetUtcNow() + Freshness), new MemoryCacheEntryOptions
        {
            Size = 1,
            AbsoluteExpirationRelativeToNow = Freshness,
        });
        return status;
    }

    public void Dispose() => cache.Dispose();

    private sealed record Entry(TenantStatus? Status, DateTimeOffset FreshUntil);
}
