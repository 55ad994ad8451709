using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Tenancy;

/// <summary>
/// Status of tenants by id. Cached, so that a request stays at one round trip; a suspension takes
/// effect on every instance within <see cref="Freshness"/>.
/// </summary>
internal sealed class TenantDirectory
{
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);

    private static readonly CompiledQuery<Func<AppDbContext, TenantId, CancellationToken, Task<TenantStatus?>>> FindStatus =
        new(() => EF.CompileAsyncQuery((AppDbContext db, TenantId id, CancellationToken ct) => db.Set<Tenant>()
            .Where(t => t.Id == id)
            .Select(t => (TenantStatus?)t.Status)
            .SingleOrDefault()));

    private readonly IDbContextFactory<AppDbContext> contexts;
    private readonly ITenantCache cache;
    private readonly Func<TenantId, CancellationToken, Task<TenantStatus?>> load;

    public TenantDirectory(IDbContextFactory<AppDbContext> contexts, ITenantCache cache)
    {
        this.contexts = contexts;
        this.cache = cache;
        // Once, not for each request.
        load = LoadStatusAsync;
    }

    /// <returns>Null for a tenant that is not registered.</returns>
    public ValueTask<TenantStatus?> FindStatusAsync(TenantId id, CancellationToken ct) =>
        cache.GetOrLoadAsync(id, "tenant status", Freshness, load, ct);

    private async Task<TenantStatus?> LoadStatusAsync(TenantId id, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        return await FindStatus.For(db)(db, id, ct);
    }
}
