using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata.Conventions;

namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

/// <summary>Ways to lose the query filter. The defences stand without row-level security, unless they say so.</summary>
internal sealed class FilterPitfallTests
{
    private static readonly string[] OfTenant = [Filters.Tenant];

    private NaiveDatabase naive = null!;
    private ApiHost withoutPolicies = null!;
    private TwoClinics clinics = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        naive = await NaiveDatabase.CreateAsync();
        (withoutPolicies, _) = await Walls.NewApiAsync(withFilter: true, withPolicies: false);
        clinics = await TwoClinics.StoreAsync(withoutPolicies);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => withoutPolicies.DisposeAsync();

    [Test]
    [Pitfall(1, "the filter captures a value instead of asking the context")]
    public async Task A_captured_tenant_freezes_in_the_cached_model()
    {
        await using var first = new Capturing(naive.Options<Capturing>()) { Tenant = naive.Own.TenantId };
        Assert.That(await first.Rows.Select(row => row.Text).ToListAsync(), Is.EqualTo(new[] { "own" }));
        await using var second = new Capturing(naive.Options<Capturing>()) { Tenant = naive.Other.TenantId };
        Assert.That(await second.Rows.Select(row => row.Text).ToListAsync(), Is.EqualTo(new[] { "own" }), "the danger");

        foreach (var (clinic, row) in new[] { (clinics.Own, clinics.OwnRow), (clinics.Other, clinics.OtherRow) })
        {
            await using var work = TenantWork.Of(withoutPolicies, clinic.Id);
            Assert.That(await work.Db.Set<Probe>().Select(probe => probe.Id).ToListAsync(), Is.EqualTo(new[] { row }));
        }
    }

    [Test]
    [Pitfall(2, "the last of two filters without a name wins")]
    public async Task A_second_filter_without_a_name_replaces_the_tenants()
    {
        await using var db = new TwoFilters(naive.Options<TwoFilters>()) { Tenant = naive.Own.TenantId };
        Assert.That(await db.Rows.CountAsync(), Is.EqualTo(2), "the danger");

        await using var work = TenantWork.Of(withoutPolicies, clinics.Own.Id);
        var filters = work.Db.Model.FindEntityType(typeof(ProbeNote))!.GetDeclaredQueryFilters();
        Assert.That(filters.Select(filter => filter.Key), Is.EquivalentTo(new[] { Filters.SoftDelete, Filters.Tenant }));
        Assert.That(
            () => Map(model => model.Entity<ProbeNote>().HasQueryFilter(note => note.DeletedAt == null)),
            Throws.InvalidOperationException, "a filter without a name and the tenant's stop the start");
    }

    [Test]
    [Pitfall(3, "an entity without a filter: join table, view, owned type")]
    public async Task An_entity_that_nobody_thought_of_shows_all_rows()
    {
        await using var db = new Forgetful(naive.Options<Forgetful>()) { Tenant = naive.Own.TenantId };
        Assert.That(await db.Set<NaiveView>().CountAsync(), Is.EqualTo(2), "the danger");

        foreach (var map in new Action<ModelBuilder>[]
        {
            model => model.Entity<NaiveView>().HasNoKey().ToView("rows"),
            model => model.Entity<NaiveGuest>().HasMany<NaiveGuest>().WithMany(),
            model => model.Entity<NaiveHolder>().OwnsMany(holder => holder.Rows),
        })
        {
            Assert.That(() => Map(map), Throws.InvalidOperationException.With.Message.Contains("neither ITenantScoped"));
        }
    }

    [Test]
    [Pitfall(6, "IgnoreQueryFilters drops more than was meant")]
    public async Task Ignoring_a_filter_in_a_subquery_ignores_it_in_the_whole_query()
    {
        await using var db = new NaiveContext(naive.Options<NaiveContext>()) { Tenant = naive.Own.TenantId };
        Assert.That(await db.Rows.IgnoreQueryFilters([Filters.Tenant]).CountAsync(), Is.EqualTo(2), "the danger");
        Assert.That(
            await db.Rows.CountAsync(row => !db.Notes.IgnoreQueryFilters(OfTenant).Any(note => note.RowId == row.Id)),
            Is.EqualTo(2), "and it spreads");
        Assert.That(await db.Rows.IgnoreQueryFilters(["tenant"]).CountAsync(), Is.EqualTo(1), "a misspelt name says nothing");

        await using var work = TenantWork.Of(withoutPolicies, clinics.Own.Id);
        foreach (var query in new[]
        {
            work.Db.Set<Probe>().IgnoreQueryFilters([Filters.Tenant]),
            work.Db.Set<Probe>().Where(p => !work.Db.Set<ProbeNote>().IgnoreQueryFilters(OfTenant).Any(n => n.ProbeId == p.Id)),
            work.Db.Set<Probe>().IgnoreQueryFilters(["tenant"]),
        })
        {
            Assert.That(() => query.CountAsync(), Throws.TypeOf<TenantFilterException>());
        }
    }

    [Test]
    [Pitfall(18, "compiled queries")]
    public async Task A_compiled_query_keeps_what_it_captured_and_asks_the_context_for_the_rest()
    {
        var tenant = naive.Own.TenantId;
        var captured = EF.CompileAsyncQuery(
            (NaiveContext db) => db.Rows.IgnoreQueryFilters(OfTenant).Where(row => row.TenantId == tenant));
        await using var db = new NaiveContext(naive.Options<NaiveContext>());
        Assert.That((await ListAsync(captured(db))).Single().Text, Is.EqualTo("own"));
        tenant = naive.Other.TenantId;
        Assert.That((await ListAsync(captured(db))).Single().Text, Is.EqualTo("own"), "the danger");

        var ofContext = EF.CompileAsyncQuery((AppDbContext context) => context.Set<Probe>().Where(probe => true));
        foreach (var (clinic, row) in new[] { (clinics.Own, clinics.OwnRow), (clinics.Other, clinics.OtherRow) })
        {
            await using var work = TenantWork.Of(withoutPolicies, clinic.Id);
            Assert.That((await ListAsync(ofContext(work.Db))).Single().Id, Is.EqualTo(row));
        }
    }

    /// <summary>
    /// dotnet ef dbcontext optimize refuses a model with filters. What is left of the danger is a model
    /// made elsewhere, which the context then takes in place of its own.
    /// </summary>
    [Test]
    [Pitfall(19, "compiled models know no filters")]
    public async Task A_model_made_elsewhere_has_no_filter()
    {
        var model = NpgsqlConventionSetBuilder.CreateModelBuilder();
        model.HasDefaultSchema("naive").Entity<NaiveRow>().ToTable("rows");
        SnakeCaseNames.Apply(model);
        var options = naive.Configure(new DbContextOptionsBuilder<NaiveContext>()).UseModel(model.FinalizeModel()).Options;
        await using var db = new NaiveContext(options) { Tenant = naive.Own.TenantId };
        Assert.That(await db.Rows.CountAsync(), Is.EqualTo(2), "the danger");

        Assert.That(typeof(AppDbContext).Assembly.GetCustomAttributes(typeof(DbContextModelAttribute), false), Is.Empty);
        Assert.That(SourceTree.Product.Where(file => SourceTree.Read(file).Contains("UseModel(", StringComparison.Ordinal)), Is.Empty);
    }

    private static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> rows)
    {
        List<T> list = [];
        await foreach (var row in rows)
        {
            list.Add(row);
        }

        return list;
    }

    /// <summary>The product's rules on a model of its own.</summary>
    private static void Map(Action<ModelBuilder> map)
    {
        using var context = new AppDbContext(new DbContextOptionsBuilder<AppDbContext>().Options);
        var builder = NpgsqlConventionSetBuilder.CreateModelBuilder();
        builder.Entity<Tenant>(Tenant.Map);
        map(builder);
        TenantModel.Apply(builder, context);
    }

    private sealed class Capturing(DbContextOptions options) : NaiveContext(options)
    {
        protected override void MapFilters(ModelBuilder modelBuilder)
        {
            var tenant = Tenant;
            modelBuilder.Entity<NaiveRow>().HasQueryFilter(row => row.TenantId == tenant);
        }
    }

    private sealed class TwoFilters(DbContextOptions options) : NaiveContext(options)
    {
        protected override void MapFilters(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<NaiveRow>().HasQueryFilter(row => row.TenantId == Tenant);
            modelBuilder.Entity<NaiveRow>().HasQueryFilter(row => !row.Hidden);
        }
    }

    private sealed class Forgetful(DbContextOptions options) : NaiveContext(options)
    {
        protected override void MapFilters(ModelBuilder modelBuilder)
        {
            base.MapFilters(modelBuilder);
            modelBuilder.Entity<NaiveView>().HasNoKey().ToView("rows");
        }
    }

    private sealed class NaiveView
    {
        public Guid Id { get; init; }
    }

    private sealed class NaiveHolder : ITenantScoped
    {
        public TenantId TenantId { get; init; }

        public Guid Id { get; init; }

        public List<NaiveView> Rows { get; } = [];
    }

    private sealed class NaiveGuest : ITenantScoped
    {
        public TenantId TenantId { get; init; }

        public Guid Id { get; init; }
    }
}
