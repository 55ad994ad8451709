using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

/// <summary>Ways in which the tenant outlives its work, or never reaches it.</summary>
internal sealed class PoolingPitfallTests
{
    private NaiveDatabase naive = null!;
    private Clinic own = null!;
    private Clinic other = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        naive = await NaiveDatabase.CreateAsync();
        (own, other) = (await App.NewClinicAsync(), await App.NewClinicAsync());
    }

    [Test]
    [Pitfall(4, "a pooled context keeps what was put on it")]
    public async Task The_next_lease_has_the_last_ones_tenant()
    {
        var services = new ServiceCollection()
            .AddPooledDbContextFactory<Pooled>(options => options.UseNpgsql(naive.ConnectionString), poolSize: 1);
        await using var provider = services.BuildServiceProvider();
        var pool = provider.GetRequiredService<IDbContextFactory<Pooled>>();
        await using (var first = await pool.CreateDbContextAsync())
        {
            first.Tenant = naive.Own.TenantId;
        }

        await using (var second = await pool.CreateDbContextAsync())
        {
            Assert.That(await second.Rows.Select(row => row.Text).ToListAsync(), Is.EqualTo(new[] { "own" }), "the danger");
        }

        // An API of its own: nobody else leases from its pool.
        await using var api = new ApiHost(App.DatabaseUrl, App.Issuer);
        var contexts = api.Services.GetRequiredService<IDbContextFactory<AppDbContext>>();
        var leased = await contexts.CreateDbContextAsync();
        leased.SetTenant(own.Id);
        await leased.DisposeAsync();
        await using var next = await contexts.CreateDbContextAsync();
        Assert.That(next, Is.SameAs(leased), "the pool has one context");
        Assert.Multiple(() =>
        {
            Assert.That(next.HasTenant, Is.False);
            Assert.That(() => next.TenantId, Throws.TypeOf<NoTenantException>());
        });
        next.SetTenant(other.Id);
        next.Dispose();
        await using var third = await contexts.CreateDbContextAsync();
        Assert.That(third, Is.SameAs(leased).And.Property(nameof(AppDbContext.HasTenant)).False);
    }

    [Test]
    [Pitfall(5, "a pooled context cannot ask for the request's tenant")]
    public async Task A_pooled_context_takes_the_tenant_from_no_request()
    {
        var services = new ServiceCollection()
            .AddScoped(_ => new TenantContext())
            .AddPooledDbContextFactory<OfRequest>(options => options.UseNpgsql(naive.ConnectionString));
        await using (var provider = services.BuildServiceProvider(validateScopes: true))
        {
            Assert.That(() => Create(provider), Throws.InvalidOperationException);
        }

        await using (var careless = services.BuildServiceProvider(validateScopes: false))
        {
            Assert.That(Create(careless).Knows, Is.False, "the danger: it got one of nobody, and so do all others");
        }

        await using var ofOwn = TenantWork.Of(App.Api, own.Id);
        await using var ofOther = TenantWork.Of(App.Api, other.Id);
        Assert.That((ofOwn.Db.TenantId, ofOther.Db.TenantId), Is.EqualTo((own.Id, other.Id)));
    }

    /// <summary>The one cache of the product has keys that hold the tenant; other kinds are banned by name.</summary>
    [Test]
    [Pitfall(22, "caches, background work and ambient tenants")]
    public async Task What_is_kept_or_started_outside_the_request_takes_the_wrong_tenant()
    {
        Dictionary<Guid, string> cache = [];
        async Task<string?> ReadAsync(Guid tenant, Guid id)
        {
            await using var db = new NaiveContext(naive.Options<NaiveContext>()) { Tenant = tenant };
            return cache.TryGetValue(id, out var known)
                ? known
                : cache[id] = (await db.Rows.FirstOrDefaultAsync(row => row.Id == id))?.Text ?? "";
        }

        await ReadAsync(naive.Other.TenantId, naive.Other.Id);
        Assert.That(await ReadAsync(naive.Own.TenantId, naive.Other.Id), Is.EqualTo("other"), "the danger");

        var ambient = new AsyncLocal<Guid> { Value = naive.Own.TenantId };
        var begun = new TaskCompletionSource();
        var job = Task.Run(async () =>
        {
            await begun.Task;
            return ambient.Value;
        });
        ambient.Value = naive.Other.TenantId;
        begun.SetResult();
        Assert.That(await job, Is.EqualTo(naive.Own.TenantId), "the danger: the job has the tenant of whoever started it");

        // A scope opened from within a request's is nobody's until it enters a tenant, and says so.
        await using var request = TenantWork.Of(App.Api, own.Id);
        await using var background = TenantWork.Of(App.Api, null);
        Assert.That(() => background.Db.Set<Probe>().CountAsync(), Throws.TypeOf<NoTenantException>());
        Assert.That(
            SourceTree.Product.Where(file => SourceTree.Read(file) is var text
                && (text.Contains("AsyncLocal<", StringComparison.Ordinal) || text.Contains("OutputCache", StringComparison.Ordinal)
                    || text.Contains("AddResponseCaching", StringComparison.Ordinal))),
            Is.Empty);

        // One context serves one task at a time: the first is kept waiting until the second was refused.
        await using var holder = await App.Api.OpenAppConnectionAsync();
        await holder.ExecuteAsync("SELECT pg_advisory_lock(22)");
        var first = request.Db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(22)");
        Assert.That(() => request.Db.Set<Probe>().ToListAsync(), Throws.InvalidOperationException);
        await holder.ExecuteAsync("SELECT pg_advisory_unlock(22)");
        await first;
    }

    private OfRequest Create(ServiceProvider provider)
    {
        using var scope = provider.CreateScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Enter(own.Id);
        return scope.ServiceProvider.GetRequiredService<IDbContextFactory<OfRequest>>().CreateDbContext();
    }

    private sealed class Pooled(DbContextOptions<Pooled> options) : NaiveContext(options);

    private sealed class OfRequest(DbContextOptions<OfRequest> options, TenantContext tenant) : NaiveContext(options)
    {
        public bool Knows => tenant.IsEntered;
    }
}
