using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>The unit of work has one tenant, from lease to return, and fails closed without.</summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
internal sealed class ContextTests(Server server)
{
    private readonly TenantId elsewhere = TenantId.From(Guid.CreateVersion7());
    private ApiHost api = null!;
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task StartAsync() =>
        (api, clinic) = (await App.ApiAsync(server), await App.NewClinicAsync());

    [Test]
    public async Task Without_a_tenant_no_query_of_a_tenants_table_is_built()
    {
        await using var work = TenantWork.Of(api, null);
        Assert.That(() => work.Db.Set<Probe>().ToListAsync(), Throws.TypeOf<NoTenantException>());
        Assert.That(() => work.Db.Set<Probe>().FindAsync(elsewhere, Guid.CreateVersion7()).AsTask(), Throws.TypeOf<NoTenantException>());
        Assert.That(() => work.Db.Set<Probe>().ExecuteDeleteAsync(), Throws.TypeOf<NoTenantException>());
    }

    [Test]
    public async Task Without_a_tenant_nothing_is_saved()
    {
        await using var work = TenantWork.Of(api, null);
        work.Db.Add(NewProbe());
        Assert.That(() => work.Db.SaveChangesAsync(), Throws.TypeOf<NoTenantException>());
    }

    [Test]
    public async Task Synchronous_commands_are_refused_because_they_would_go_out_without_a_tenant()
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        Assert.That(() => work.Db.Set<Probe>().ToList(), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => work.Db.Set<Probe>().Count(), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => work.Db.Set<Probe>().ExecuteDelete(), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => work.Db.Database.ExecuteSql($"SELECT 1"), Throws.TypeOf<NotSupportedException>());
        work.Db.Add(NewProbe());
        Assert.That(
            () => work.Db.SaveChanges(),
            Throws.InstanceOf<Exception>().With.Matches<Exception>(e => e.GetBaseException() is NotSupportedException));
    }

    [Test]
    public async Task A_lease_stays_with_its_tenant()
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        Assert.That(() => work.Db.SetTenant(clinic.Id), Throws.Nothing);
        Assert.That(() => work.Db.SetTenant(elsewhere), Throws.InvalidOperationException);
        Assert.That(() => work.Db.SetTenant(default), Throws.InvalidOperationException);
    }

    [Test]
    public void A_scope_stays_with_its_tenant()
    {
        var context = new TenantContext();
        Assert.That(() => context.Id, Throws.TypeOf<NoTenantException>());
        Assert.That(() => context.Enter(default), Throws.InvalidOperationException);
        context.Enter(clinic.Id);
        Assert.That(() => context.Enter(elsewhere), Throws.InvalidOperationException);
        Assert.That(context.Id, Is.EqualTo(clinic.Id));
    }

    [Test]
    public async Task A_new_row_is_stamped_with_the_tenant()
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        var probe = NewProbe();
        work.Db.Add(probe);
        await work.Db.SaveChangesAsync();
        Assert.That(probe.TenantId, Is.EqualTo(clinic.Id));
    }

    [TestCase(EntityState.Added)]
    [TestCase(EntityState.Modified)]
    [TestCase(EntityState.Deleted)]
    public async Task A_row_of_another_tenant_is_not_saved(EntityState state)
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        Forge(work.Db, elsewhere, state);
        Assert.That(() => work.Db.SaveChangesAsync(), Throws.TypeOf<CrossTenantWriteException>());
    }

    [Test]
    public async Task With_the_stamp_taken_away_row_level_security_refuses_the_row()
    {
        var other = await App.NewClinicAsync();
        await using var unstamped = await App.AnotherApiAsync(
            server, configureServices: Interceptors.Without<TenantStampInterceptor>);
        await using (var adding = TenantWork.Of(unstamped, clinic.Id))
        {
            Forge(adding.Db, other.Id, EntityState.Added);
            Assert.That(
                () => adding.Db.SaveChangesAsync(),
                Throws.TypeOf<DbUpdateException>().With.InnerException.Property(nameof(PostgresException.SqlState))
                    .EqualTo(PostgresErrorCodes.InsufficientPrivilege));
        }

        await using var theirs = TenantWork.Of(unstamped, other.Id);
        var row = NewProbe();
        theirs.Db.Add(row).Property(p => p.TenantId).CurrentValue = other.Id;
        await theirs.Db.SaveChangesAsync();
        foreach (var state in new[] { EntityState.Modified, EntityState.Deleted })
        {
            await using var work = TenantWork.Of(unstamped, clinic.Id);
            Forge(work.Db, other.Id, state, row.Id);
            Assert.That(() => work.Db.SaveChangesAsync(), Throws.TypeOf<DbUpdateConcurrencyException>(), $"{state}");
        }
    }

    /// <summary>A stub as a careless handler attaches it: an id from the request, another tenant's key.</summary>
    private static void Forge(AppDbContext db, TenantId tenant, EntityState state, Guid? id = null)
    {
        var entry = db.Entry(new Probe { Id = id ?? Guid.CreateVersion7(), Text = $"forged {Guid.CreateVersion7()}" });
        entry.Property(p => p.TenantId).CurrentValue = tenant;
        entry.State = state;
    }

    private static Probe NewProbe() => new() { Id = Guid.CreateVersion7(), Text = $"probe {Guid.CreateVersion7()}" };
}
