using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// Tenants by id. Cached, so that a request stays at one round trip; a suspension takes effect on every
/// instance within <see cref="Freshness"/>.
/// </summary>
internal sealed class TenantDirectory
{
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);

    private static readonly CompiledQuery<Func<AppDbContext, TenantId, CancellationToken, Task<Tenant?>>> Find =
        new(() => EF.CompileAsyncQuery((AppDbContext db, TenantId id, CancellationToken ct) =>
            db.Set<Tenant>().AsNoTracking().SingleOrDefault(t => t.Id == id)));

    private readonly IDbContextFactory<AppDbContext> contexts;
    private readonly ITenantCache cache;
    private readonly Func<TenantId, CancellationToken, Task<Tenant?>> load;

    public TenantDirectory(IDbContextFactory<AppDbContext> contexts, ITenantCache cache)
    {
        this.contexts = contexts;
        this.cache = cache;
        // Once, not for each request.
        load = LoadAsync;
    }

    /// <returns>Null for a tenant that is not registered.</returns>
    public ValueTask<Tenant?> FindAsync(TenantId id, CancellationToken ct) =>
        cache.GetOrLoadAsync(id, "tenant", Freshness, load, ct);

    private async Task<Tenant?> LoadAsync(TenantId id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await Find.For(db)(db, id, ct);
    }
}
