using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>No index of a tenant's table holds a column that it could not serve under row-level security.</summary>
internal sealed class IndexableTypeTests
{
    private const string NotLeakproof = "is not leakproof";

    private enum Colour
    {
        Red,
    }

    [TestCase("uuid", typeof(Guid), ExpectedResult = true)]
    [TestCase("character varying(64)", typeof(string), ExpectedResult = true)]
    [TestCase("timestamp with time zone", typeof(DateTimeOffset), ExpectedResult = true)]
    [TestCase("numeric", typeof(decimal), ExpectedResult = false)]
    [TestCase("numeric(10,2)", typeof(decimal), ExpectedResult = false)]
    [TestCase("app.colour", typeof(string), ExpectedResult = false)]
    [TestCase("jsonb", typeof(string), ExpectedResult = false)]
    [TestCase("text[]", typeof(string[]), ExpectedResult = false)]
    public bool A_column_in_an_index(string type, Type clrType) =>
        IsAllowed(sample => sample.HasIndex("Value"), type, clrType);

    [Test]
    public void A_column_without_an_index_may_have_any_type() => Assert.That(IsAllowed(_ => { }, "numeric", typeof(decimal)));

    [Test]
    public void An_index_of_vectors_orders_and_compares_nothing() => Assert.That(
        IsAllowed(sample => sample.HasIndex("Value").HasMethod("hnsw"), "jsonb"));

    [Test]
    public void An_enum_is_stored_as_a_number() => Assert.That(
        IsAllowed(sample => sample.HasIndex(s => s.Colour)));

    /// <summary>The list is what this PostgreSQL says, type by type.</summary>
    [Test]
    public async Task Every_type_of_the_list_compares_without_a_leak()
    {
        await using var app = await App.Api.OpenAppConnectionAsync();
        var leakproof = await app.ColumnAsync<string>("""
            SELECT t.name FROM unnest(string_to_array('
            """ + string.Join(',', ModelRules.IndexableTypes) + """
            ', ',')) t(name)
            WHERE (
                SELECT bool_and(p.proleakproof) FROM pg_opclass c
                JOIN pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
                JOIN pg_amop o ON o.amopfamily = c.opcfamily AND o.amoplefttype = c.opcintype AND o.amoprighttype = c.opcintype
                JOIN pg_operator op ON op.oid = o.amopopr
                JOIN pg_proc p ON p.oid = op.oprcode
                -- varchar has no operators of its own: it is compared as text.
                WHERE c.opcdefault AND c.opcintype = replace(t.name, 'character varying', 'text')::regtype)
            """);
        Assert.That(leakproof, Is.EqualTo(ModelRules.IndexableTypes));
    }

    private static bool IsAllowed(Action<EntityTypeBuilder<Sample>> map, string? type = null, Type? clrType = null)
    {
        // Without caching, because each model is another one of the same context.
        var options = new DbContextOptionsBuilder<Sampling>().UseNpgsql().EnableServiceProviderCaching(false).Options;
        using var context = new Sampling(options, sample =>
        {
            sample.Property(clrType ?? typeof(string), "Value").HasColumnType(type ?? "text");
            map(sample);
        });
        return !ModelRules.Violations(context.GetService<IDesignTimeModel>().Model)
            .Any(violation => violation.Contains(NotLeakproof, StringComparison.Ordinal));
    }

    private sealed class Sampling(DbContextOptions<Sampling> options, Action<EntityTypeBuilder<Sample>> map) : DbContext(options)
    {
        protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
            configurationBuilder.Properties<TenantId>().HaveConversion<TenantIdConverter>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            using var context = new AppDbContext(new DbContextOptionsBuilder<AppDbContext>().Options);
            modelBuilder.Entity<Tenant>(Tenant.Map);
            modelBuilder.Entity(map);
            TenantModel.Apply(modelBuilder, context);
        }
    }

    private sealed class Sample : ITenantScoped
    {
        public TenantId TenantId { get; init; }

        public Guid Id { get; init; }

        public Colour Colour { get; init; }
    }
}
