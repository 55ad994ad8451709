using System.Data.Common;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.ValueGeneration;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

/// <summary>Ways past the filter by the change tracker, by keys and by commands that EF Core does not track.</summary>
internal sealed class TrackingPitfallTests
{
    private NaiveDatabase naive = null!;
    private ApiHost withoutPolicies = null!;
    private TwoClinics unprotected = null!;
    private TwoClinics clinics = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (withoutPolicies, _) = await Walls.NewApiAsync(withFilter: true, withPolicies: false);
        unprotected = await TwoClinics.StoreAsync(withoutPolicies);
        clinics = await TwoClinics.StoreAsync(App.Api);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => withoutPolicies.DisposeAsync();

    [SetUp]
    public async Task StoreAsync() => naive = await NaiveDatabase.CreateAsync();

    [Test]
    [Pitfall(7, "SqlQuery and ExecuteSql are not filtered")]
    public async Task Sql_for_entities_is_filtered_and_other_sql_is_not()
    {
        await using var db = Naive();
        Assert.That(await db.Rows.FromSql($"SELECT * FROM naive.rows").CountAsync(), Is.EqualTo(1));
        Assert.That(await db.Database.SqlQuery<string>($"SELECT text FROM naive.rows").ToListAsync(), Has.Count.EqualTo(2), "the danger");
        Assert.That(await db.Database.ExecuteSqlAsync($"UPDATE naive.rows SET hidden = true"), Is.EqualTo(2), "the danger");

        await using var work = TenantWork.Of(App.Api, clinics.Own.Id);
        Assert.That(
            await work.Db.Database.SqlQuery<Guid>($"SELECT id FROM app.probes").ToListAsync(), Is.EqualTo(new[] { clinics.OwnRow }));
        Assert.That(await work.Db.Database.ExecuteSqlAsync($"UPDATE app.probes SET text = text"), Is.EqualTo(1));
    }

    [Test]
    [Pitfall(8, "ExecuteUpdate passes the interceptors by")]
    public async Task A_bulk_update_can_move_a_row_to_another_tenant()
    {
        await using var db = Naive();
        Assert.That(
            await db.Rows.ExecuteUpdateAsync(set => set.SetProperty(row => row.TenantId, naive.Other.TenantId)),
            Is.EqualTo(1), "the danger");

        await using var work = TenantWork.Of(App.Api, clinics.Own.Id);
        Assert.That(
            () => work.Db.Set<Probe>().ExecuteUpdateAsync(set => set.SetProperty(probe => probe.TenantId, clinics.Other.Id)),
            Throws.TypeOf<PostgresException>().With.Property(nameof(PostgresException.SqlState))
                .EqualTo(PostgresErrorCodes.InsufficientPrivilege));
        Assert.That(await work.Db.Set<Probe>().CountAsync(), Is.EqualTo(1));
    }

    [Test]
    [Pitfall(9, "Find answers from what the last tenant tracked")]
    public async Task A_context_that_changes_its_tenant_hands_out_the_last_ones_rows()
    {
        await using var db = Naive();
        await db.Rows.LoadAsync();
        db.Tenant = naive.Other.TenantId;
        Assert.That((await db.Rows.FindAsync(naive.Own.Id))!.Text, Is.EqualTo("own"), "the danger");

        await using var work = TenantWork.Of(withoutPolicies, unprotected.Own.Id);
        await work.Db.Set<Probe>().LoadAsync();
        Assert.That(() => work.Db.SetTenant(unprotected.Other.Id), Throws.InvalidOperationException);
    }

    [Test]
    [Pitfall(10, "a detached stub is written by its key alone")]
    public async Task A_stub_with_another_tenants_id_is_written_and_deleted()
    {
        await using (var db = Naive())
        {
            db.Update(new NaiveRow { Id = naive.Other.Id, TenantId = naive.Own.TenantId, Text = "overwritten" });
            Assert.That(await db.SaveChangesAsync(), Is.EqualTo(1), "the danger");
        }

        await using (var db = Naive())
        {
            db.Remove(new NaiveRow { Id = naive.Other.Id });
            Assert.That(await db.SaveChangesAsync(), Is.EqualTo(1), "the danger");
        }

        // The key holds the tenant, so it needs no policy; a stub without one is not saved at all.
        foreach (var state in new[] { EntityState.Modified, EntityState.Deleted })
        {
            await using var work = TenantWork.Of(withoutPolicies, unprotected.Own.Id);
            var stub = work.Db.Entry(new Probe { Id = unprotected.OtherRow, Text = "overwritten" });
            stub.State = state;
            Assert.That(() => work.Db.SaveChangesAsync(), Throws.InstanceOf<InvalidOperationException>());
            work.Db.ChangeTracker.Clear();
            stub = work.Db.Entry(new Probe { Id = unprotected.OtherRow, Text = "overwritten" });
            stub.Property(probe => probe.TenantId).CurrentValue = unprotected.Own.Id;
            stub.State = state;
            Assert.That(() => work.Db.SaveChangesAsync(), Throws.TypeOf<DbUpdateConcurrencyException>());
        }

        await using var theirs = TenantWork.Of(withoutPolicies, unprotected.Other.Id);
        Assert.That((await theirs.Db.Set<Probe>().SingleAsync()).Text, Is.EqualTo($"{unprotected.Other.Id}"));
    }

    [Test]
    [Pitfall(11, "Reload and GetDatabaseValues ignore every filter")]
    public async Task Reloading_a_stub_reads_another_tenants_row()
    {
        await using var db = Naive();
        var stub = db.Attach(new NaiveRow { Id = naive.Other.Id });
        await stub.ReloadAsync();
        Assert.That(stub.Entity.Text, Is.EqualTo("other"), "the danger");

        foreach (var (api, rows) in new[] { (withoutPolicies, unprotected), (App.Api, clinics) })
        {
            await using var work = TenantWork.Of(api, rows.Own.Id);
            var probe = work.Db.Entry(new Probe { Id = rows.OtherRow, Text = "guessed" });
            probe.Property(p => p.TenantId).CurrentValue = rows.Other.Id;
            probe.State = EntityState.Unchanged;
            Assert.That(await probe.GetDatabaseValuesAsync(), Is.Null);
            await probe.ReloadAsync();
            Assert.That(probe.State, Is.EqualTo(EntityState.Detached));
            var own = await work.Db.Set<Probe>().SingleAsync();
            Assert.That(await work.Db.Entry(own).GetDatabaseValuesAsync(), Is.Not.Null, "the own row is found");
        }
    }

    [Test]
    [Pitfall(13, "the tenant is stamped too late or not at all")]
    public async Task A_value_generator_knows_no_tenant_for_a_child_whose_parent_is_not_loaded()
    {
        await using var db = new Generating(naive.Options<Generating>()) { Tenant = naive.Own.TenantId };
        db.Add(new GeneratedChild { Id = Guid.CreateVersion7(), ParentId = naive.Own.Id });
        Assert.That(
            () => db.SaveChangesAsync(), Throws.InvalidOperationException.With.Message.Contains("TenantId"), "the danger");
        await using var forgetful = Naive();
        forgetful.Add(new NaiveRow { Id = Guid.CreateVersion7(), Text = "whose?" });
        Assert.That(await forgetful.SaveChangesAsync(), Is.EqualTo(1), "the danger: a row of the tenant 00000000…");

        await using var work = TenantWork.Of(App.Api, clinics.Own.Id);
        var note = new ProbeNote { Id = Guid.CreateVersion7(), ProbeId = clinics.OwnRow };
        work.Db.Add(note);
        await work.Db.SaveChangesAsync();
        Assert.That(note.TenantId, Is.EqualTo(clinics.Own.Id));
    }

    /// <summary>On this version the prefix hides no lost update: it makes one of every save.</summary>
    [Test]
    [Pitfall(21, "a statement in front of SaveChanges shifts the rows affected")]
    public async Task A_prefix_makes_every_save_a_lost_update()
    {
        await using var db = new NaiveContext(
            naive.Configure(new DbContextOptionsBuilder<NaiveContext>()).AddInterceptors(new NaivePrefix()).Options);
        db.Add(new NaiveRow { Id = Guid.CreateVersion7() });
        Assert.That(() => db.SaveChangesAsync(), Throws.TypeOf<DbUpdateConcurrencyException>(), "the danger");

        await using var work = TenantWork.Of(App.Api, clinics.Own.Id);
        var probe = new Probe { Id = Guid.CreateVersion7(), Text = $"{Guid.CreateVersion7()}" };
        work.Db.Add(probe);
        await work.Db.SaveChangesAsync();
        probe.Text += " changed";
        Assert.That(await work.Db.SaveChangesAsync(), Is.EqualTo(1));
        await work.Db.Set<Probe>().Where(p => p.Id == probe.Id).ExecuteDeleteAsync();
        probe.Text += " again";
        Assert.That(() => work.Db.SaveChangesAsync(), Throws.TypeOf<DbUpdateConcurrencyException>());
    }

    private NaiveContext Naive() => new(naive.Options<NaiveContext>()) { Tenant = naive.Own.TenantId };

    private sealed class NaivePrefix : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (eventData.CommandSource == CommandSource.SaveChanges)
            {
                command.CommandText = $"SELECT set_config('naive.tenant', 'own', true);\n{command.CommandText}";
            }

            return ValueTask.FromResult(result);
        }
    }

    private sealed class GeneratedParent
    {
        public Guid TenantId { get; init; }

        public Guid Id { get; init; }
    }

    private sealed class GeneratedChild
    {
        public Guid TenantId { get; init; }

        public Guid Id { get; init; }

        public Guid ParentId { get; init; }
    }

    private sealed class Generating(DbContextOptions options) : NaiveContext(options)
    {
        protected override void MapFilters(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<GeneratedParent>(parent =>
            {
                parent.HasKey(p => new { p.TenantId, p.Id });
                parent.Property(p => p.TenantId).HasValueGenerator<OfContext>();
            });
            modelBuilder.Entity<GeneratedChild>(child =>
            {
                child.HasKey(c => new { c.TenantId, c.Id });
                child.Property(c => c.TenantId).HasValueGenerator<OfContext>();
                child.HasOne<GeneratedParent>().WithMany().HasForeignKey(c => new { c.TenantId, c.ParentId });
            });
        }
    }

    private sealed class OfContext : ValueGenerator<Guid>
    {
        public override bool GeneratesTemporaryValues => false;

        public override Guid Next(EntityEntry entry) => ((NaiveContext)entry.Context).Tenant;
    }
}
