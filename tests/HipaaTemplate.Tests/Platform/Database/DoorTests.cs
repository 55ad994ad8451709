using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>Every way into the database that EF Core offers leads to the own tenant's rows only.</summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
internal sealed class DoorTests(Server server)
{
    private static readonly Func<AppDbContext, IAsyncEnumerable<Probe>> Compiled =
        EF.CompileAsyncQuery((AppDbContext db) => db.Set<Probe>().AsQueryable());

    // Without the guard of the tenant filter, so that row-level security stands alone.
    private ApiHost unguarded = null!;
    private ApiHost api = null!;
    private Clinic own = null!;
    private Clinic other = null!;
    private Guid ownRow;
    private Guid otherRow;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        api = await App.ApiAsync(server);
        unguarded = await App.AnotherApiAsync(server, configureServices: Interceptors.Without<TenantFilterInterceptor>);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => unguarded.DisposeAsync();

    [SetUp]
    public async Task StoreAsync()
    {
        (own, other) = (await App.NewClinicAsync(), await App.NewClinicAsync());
        ownRow = await StoreAsync(own);
        otherRow = await StoreAsync(other);
    }

    [Test]
    public Task A_filter_that_is_ignored() =>
        ShouldSeeOwnAsync(
            db => db.Set<Probe>().IgnoreQueryFilters([Filters.Tenant]).Select(p => p.Id).ToListAsync(), unguarded);

    [Test]
    public Task Raw_sql_for_entities() =>
        ShouldSeeOwnAsync(db => db.Set<Probe>().FromSql($"SELECT * FROM app.probes").Select(p => p.Id).ToListAsync());

    [Test]
    public Task Raw_sql_for_entities_with_the_filter_ignored() => ShouldSeeOwnAsync(db => db.Set<Probe>()
        .FromSql($"SELECT * FROM app.probes WHERE id IN ({ownRow}, {otherRow})")
        .IgnoreQueryFilters([Filters.Tenant]).Select(p => p.Id).ToListAsync(), unguarded);

    [Test]
    public Task Raw_sql_for_scalars() =>
        ShouldSeeOwnAsync(db => db.Database.SqlQuery<Guid>($"SELECT id FROM app.probes").ToListAsync());

    [Test]
    public Task A_compiled_query() => ShouldSeeOwnAsync(async db =>
    {
        List<Guid> ids = [];
        await foreach (var probe in Compiled(db))
        {
            ids.Add(probe.Id);
        }

        return ids;
    });

    [Test]
    public Task A_projection_over_a_join() => ShouldSeeOwnAsync(db => db.Tenants
        .SelectMany(t => db.Set<Probe>(), (t, p) => p.Id).Distinct().ToListAsync());

    [Test]
    public Task A_subquery() => ShouldSeeOwnAsync(db => db.Tenants.Where(t => t.Id == own.Id || t.Id == other.Id)
        .SelectMany(t => db.Set<Probe>().Where(p => p.TenantId == t.Id)).Select(p => p.Id).ToListAsync());

    [Test]
    public async Task Counting_and_asking_for_existence()
    {
        await using var work = TenantWork.Of(api, own.Id);
        Assert.That(await work.Db.Set<Probe>().CountAsync(), Is.EqualTo(1));
        Assert.That(await work.Db.Set<Probe>().AnyAsync(p => p.Id == otherRow), Is.False);
        Assert.That(await work.Db.Database.SqlQuery<int>($"SELECT count(*)::int AS \"Value\" FROM app.probes").SingleAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task Find()
    {
        await using var work = TenantWork.Of(api, own.Id);
        Assert.That(await work.Db.Set<Probe>().FindAsync(own.Id, ownRow), Is.Not.Null);
        Assert.That(await work.Db.Set<Probe>().FindAsync(own.Id, otherRow), Is.Null);
        Assert.That(await work.Db.Set<Probe>().FindAsync(other.Id, otherRow), Is.Null);
    }

    [Test]
    public async Task Reload_and_database_values_which_ignore_filters_by_design()
    {
        await using var work = TenantWork.Of(unguarded, own.Id);
        var stub = work.Db.Entry(new Probe { Id = otherRow, Text = "guessed" });
        stub.Property(p => p.TenantId).CurrentValue = other.Id;
        stub.State = EntityState.Unchanged;
        Assert.That(await stub.GetDatabaseValuesAsync(), Is.Null);
        await stub.ReloadAsync();
        Assert.That(stub.State, Is.EqualTo(EntityState.Detached));
    }

    [Test]
    public async Task Bulk_update_and_delete()
    {
        await using (var work = TenantWork.Of(unguarded, own.Id))
        {
            var everything = work.Db.Set<Probe>().IgnoreQueryFilters([Filters.Tenant]);
            Assert.That(await everything.ExecuteUpdateAsync(set => set.SetProperty(p => p.Text, "overwritten")), Is.EqualTo(1));
            Assert.That(await everything.Where(p => p.Id == otherRow).ExecuteDeleteAsync(), Is.Zero);
            Assert.That(await work.Db.Database.ExecuteSqlAsync($"DELETE FROM app.probes"), Is.EqualTo(1));
        }

        await using var theirs = TenantWork.Of(api, other.Id);
        Assert.That((await theirs.Db.Set<Probe>().SingleAsync()).Text, Is.EqualTo($"{other.Id}"));
    }

    [Test]
    public async Task Several_commands_of_one_transaction_and_after_its_rollback()
    {
        await using var work = TenantWork.Of(api, own.Id);
        await work.Db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await work.Db.Database.BeginTransactionAsync();
            await work.Db.Set<Probe>().ExecuteDeleteAsync();
            Assert.That(await work.Db.Set<Probe>().CountAsync(), Is.Zero);
            await transaction.RollbackAsync();
        });
        Assert.That(await work.Db.Set<Probe>().Select(p => p.Id).ToListAsync(), Is.EqualTo(new[] { ownRow }));
    }

    [Test]
    public async Task A_connection_taken_from_the_context_is_denied_by_default()
    {
        await using var work = TenantWork.Of(api, own.Id);
        await work.Db.Database.OpenConnectionAsync();
        var raw = (Npgsql.NpgsqlConnection)work.Db.Database.GetDbConnection();
        Assert.That(await raw.ScalarAsync<long>("SELECT count(*) FROM app.probes"), Is.Zero);
        Assert.That(await work.Db.Set<Probe>().CountAsync(), Is.EqualTo(1));
        Assert.That(await raw.ScalarAsync<long>("SELECT count(*) FROM app.probes"), Is.Zero, "nothing is left on the session");
    }

    [Test]
    public async Task A_text_that_another_tenant_has_is_free()
    {
        await using var work = TenantWork.Of(api, own.Id);
        work.Db.Add(new Probe { Id = Guid.CreateVersion7(), Text = $"{other.Id}" });
        Assert.That(await work.Db.TrySaveUniqueAsync(CancellationToken.None), Is.True, "unique within the tenant only");
        work.Db.ChangeTracker.Clear();
        work.Db.Add(new Probe { Id = Guid.CreateVersion7(), Text = $"{other.Id}" });
        Assert.That(await work.Db.TrySaveUniqueAsync(CancellationToken.None), Is.False);
    }

    [Test]
    public async Task An_id_that_another_tenant_has_is_free()
    {
        await using (var work = TenantWork.Of(api, own.Id))
        {
            work.Db.Add(new Probe { Id = otherRow, Text = "same id" });
            await work.Db.SaveChangesAsync();
        }

        await using var theirs = TenantWork.Of(api, other.Id);
        Assert.That((await theirs.Db.Set<Probe>().SingleAsync()).Text, Is.EqualTo($"{other.Id}"));
    }

    private async Task ShouldSeeOwnAsync(Func<AppDbContext, Task<List<Guid>>> read, ApiHost? by = null)
    {
        await using var work = TenantWork.Of(by ?? api, own.Id);
        Assert.That(await read(work.Db), Is.EqualTo(new[] { ownRow }));
    }

    private async Task<Guid> StoreAsync(Clinic clinic)
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        var probe = new Probe { Id = Guid.CreateVersion7(), Text = $"{clinic.Id}" };
        work.Db.Add(probe);
        await work.Db.SaveChangesAsync();
        return probe.Id;
    }
}
