using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.Extensions.DependencyInjection;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>Every entity is isolated, and what the model says is what the migrations make.</summary>
internal sealed class ModelTests
{
    [Test]
    public async Task Every_entity_carries_its_tenant_in_key_indexes_references_and_filter()
    {
        await using var work = TenantWork.Of(App.Api, null);
        var model = work.Db.GetService<IDesignTimeModel>().Model;
        Assert.That(model.GetEntityTypes().Select(entity => entity.ClrType), Does.Contain(typeof(Probe)));
        Assert.That(ModelRules.Violations(model), Is.Empty);
    }

    [Test]
    public async Task The_list_of_global_entities_has_no_stale_line()
    {
        await using var work = TenantWork.Of(App.Api, null);
        Assert.That(
            TenantModel.GlobalEntities.Keys,
            Is.SubsetOf(work.Db.Model.GetEntityTypes().Select(entity => entity.ClrType)));
    }

    [Test]
    public void An_entity_that_is_neither_scoped_nor_global_stops_the_start() => Assert.That(
        () => Apply(model => model.Entity<Stray>()),
        Throws.InvalidOperationException.With.Message.Contains(nameof(Stray)));

    [Test]
    public void A_reference_without_the_tenant_stops_the_start() => Assert.That(
        () => Apply(model =>
        {
            model.Entity<Owner>();
            model.Entity<Pet>().HasOne<Owner>().WithMany().HasForeignKey(pet => pet.OwnerId)
                .HasPrincipalKey(owner => owner.Id);
        }),
        Throws.InvalidOperationException.With.Message.Contains("must be (TenantId, …)"));

    [Test]
    public void A_reference_with_the_tenant_is_accepted() => Assert.That(
        () => Apply(model =>
        {
            model.Entity<Owner>().HasKey(owner => new { owner.TenantId, owner.Id });
            model.Entity<Pet>().HasOne<Owner>().WithMany().HasForeignKey(pet => new { pet.TenantId, pet.OwnerId });
        }),
        Throws.Nothing);

    [Test]
    public void What_an_index_says_of_its_columns_moves_with_them()
    {
        var model = Apply(model =>
        {
            model.Entity<Owner>().HasKey(owner => new { owner.TenantId, owner.Id });
            model.Entity<Owner>().HasIndex(owner => owner.Id).IsDescending(true)
                .HasOperators("uuid_ops").UseCollation("C").HasNullSortOrder(NullSortOrder.NullsLast);
        });
        var index = model.FindEntityType(typeof(Owner))!.GetIndexes().Single(index => index.Properties.Count == 2);
        Assert.Multiple(() =>
        {
            Assert.That(index.IsDescending, Is.EqualTo(new[] { false, true }));
            Assert.That(index.GetOperators(), Is.EqualTo(new[] { "", "uuid_ops" }).And.TypeOf<string[]>());
            Assert.That(index.GetCollation(), Is.EqualTo(new[] { "", "C" }).And.TypeOf<string[]>());
            Assert.That(
                index.GetNullSortOrder(),
                Is.EqualTo(new[] { NullSortOrder.Unspecified, NullSortOrder.NullsLast }).And.TypeOf<NullSortOrder[]>());
        });
    }

    /// <summary>A feature that was deleted leaves tables to be dropped; nothing else may be left to do.</summary>
    [Test]
    public async Task Every_entity_has_its_migration()
    {
        await using var db = App.Api.Services.GetRequiredService<OwnerDatabase>().CreateContext();
        var testTables = db.Model.GetEntityTypes()
            .Where(entity => entity.ClrType.Assembly == typeof(ModelTests).Assembly)
            .Select(entity => entity.GetTableName())
            .ToHashSet();
        var forgotten = ScratchTables.Differences(db)
            .Where(operation => operation is not DropTableOperation)
            .Where(operation => !testTables.Contains(TableOf(operation)))
            .Select(operation => $"{operation.GetType().Name} {TableOf(operation)}");
        Assert.That(forgotten, Is.Empty, "Write it: dotnet ef migrations add …");
    }

    private static string? TableOf(MigrationOperation operation) => operation switch
    {
        TableOperation table => table.Name,
        ITableMigrationOperation table => table.Table,
        _ => null,
    };

    /// <summary>Runs the convention on a model of its own.</summary>
    private static IMutableModel Apply(Action<ModelBuilder> map)
    {
        using var context = new AppDbContext(new DbContextOptionsBuilder<AppDbContext>().Options);
        var builder = new ModelBuilder();
        builder.Entity<Tenant>(Tenant.Map);
        map(builder);
        TenantModel.Apply(builder, context);
        return builder.Model;
    }

    private sealed class Stray
    {
        public Guid Id { get; init; }
    }

    private sealed class Owner : ITenantScoped
    {
        public TenantId TenantId { get; init; }

        public Guid Id { get; init; }
    }

    private sealed class Pet : ITenantScoped
    {
        public TenantId TenantId { get; init; }

        public Guid Id { get; init; }

        public Guid OwnerId { get; init; }
    }
}
