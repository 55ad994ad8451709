using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>Nobody switches the tenant filter off, wherever in a query it is tried and however it is spelled.</summary>
internal sealed class TenantFilterTests
{
    private static readonly string[] Both = [Filters.SoftDelete, Filters.Tenant];

    private static readonly Func<AppDbContext, IAsyncEnumerable<Probe>> Compiled = EF.CompileAsyncQuery(
        (AppDbContext db) => db.Set<Probe>().IgnoreQueryFilters(Both));

    private Clinic clinic = null!;
    private TenantWork work = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => clinic = await App.NewClinicAsync();

    [SetUp]
    public void Enter() => work = TenantWork.Of(App.Api, clinic.Id);

    [TearDown]
    public ValueTask LeaveAsync() => work.DisposeAsync();

    [Test]
    public void By_its_name() =>
        ShouldBeRefused(db => db.Set<Probe>().IgnoreQueryFilters([Filters.Tenant]).ToListAsync());

    [Test]
    public void By_a_variable()
    {
        var hidden = string.Concat("Ten", "ant");
        IReadOnlyCollection<string> names = new List<string> { Filters.SoftDelete, hidden };
        ShouldBeRefused(db => db.Set<Probe>().IgnoreQueryFilters(names).ToListAsync());
    }

    [Test]
    public void Beside_another_filter() =>
        ShouldBeRefused(db => db.Set<ProbeNote>().IgnoreQueryFilters(Both).CountAsync());

    [Test]
    public void In_a_subquery() => ShouldBeRefused(db => db.Tenants
        .Where(t => db.Set<Probe>().IgnoreQueryFilters(Both).Any(p => p.TenantId == t.Id)).ToListAsync());

    [Test]
    public void In_a_query_that_another_one_takes_up()
    {
        var everything = work.Db.Set<Probe>().IgnoreQueryFilters([Filters.Tenant]);
        ShouldBeRefused(db => db.Tenants.Where(t => everything.Any(p => p.TenantId == t.Id)).ToListAsync());
    }

    [Test]
    public void In_a_compiled_query() => ShouldBeRefused(async db =>
    {
        await foreach (var _ in Compiled(db))
        {
        }
    });

    [Test]
    public void In_raw_sql_for_entities() => ShouldBeRefused(db => db.Set<Probe>()
        .FromSql($"SELECT * FROM app.probes").IgnoreQueryFilters([Filters.Tenant]).ToListAsync());

    [Test]
    public void In_bulk_updates_and_deletes()
    {
        ShouldBeRefused(db => db.Set<Probe>().IgnoreQueryFilters(Both).ExecuteDeleteAsync());
        ShouldBeRefused(db => db.Set<Probe>().IgnoreQueryFilters(Both)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.Text, "overwritten")));
    }

    /// <summary>The first refusal must not leave a plan behind that the second try finds.</summary>
    [Test]
    public void A_second_time()
    {
        By_its_name();
        By_its_name();
    }

    [Test]
    public void A_name_that_no_filter_has_is_refused_because_ef_core_would_say_nothing() => Assert.That(
        () => work.Db.Set<ProbeNote>().IgnoreQueryFilters(["soft_delete"]).ToListAsync(),
        Throws.TypeOf<TenantFilterException>().With.Message.Contains("soft_delete"));

    [Test]
    public async Task Another_filter_may_be_switched_off_and_the_tenants_stays_on()
    {
        var everything = work.Db.Set<ProbeNote>().IgnoreQueryFilters([Filters.SoftDelete]);
        Assert.That(everything.ToQueryString(), Does.Contain("tenant_id").And.Not.Contains("deleted_at IS NULL"));
        Assert.That(await everything.CountAsync(), Is.Zero);
    }

    private void ShouldBeRefused(Func<AppDbContext, Task> query) => Assert.That(
        () => query(work.Db),
        Throws.TypeOf<TenantFilterException>().With.Message.Contains("tenant filter cannot be switched off"));
}
