using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>What the migrations SQL generator adds to a table by itself.</summary>
internal sealed class IsolationSqlTests
{
    private const string Protect = """
        ALTER TABLE app.probes ENABLE ROW LEVEL SECURITY;
        ALTER TABLE app.probes FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_isolation ON app.probes AS PERMISSIVE FOR ALL TO PUBLIC
            USING (tenant_id = app.current_tenant_id())
            WITH CHECK (tenant_id = app.current_tenant_id());
        GRANT SELECT, INSERT, UPDATE, DELETE ON app.probes TO hipaa_app;
        """;

    private const string Expose = """
        DROP POLICY tenant_isolation ON app.probes;
        ALTER TABLE app.probes NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE app.probes DISABLE ROW LEVEL SECURITY;
        REVOKE ALL ON app.probes FROM hipaa_app;
        """;

    [Test]
    public async Task A_new_tenant_table_is_isolated_without_a_word()
    {
        await using var db = App.Api.Services.GetRequiredService<OwnerDatabase>().CreateContext();
        var created = ScratchTables.Differences(db).OfType<CreateTableOperation>().Single(t => t.Name == "probes");
        var sql = await GenerateAsync(created);
        Assert.That(sql, Does.Contain("tenant_id uuid NOT NULL"));
        Assert.That(sql, Does.Contain("PRIMARY KEY (tenant_id, id)"));
        Assert.That(sql, Does.Contain("FOREIGN KEY (tenant_id) REFERENCES app.tenants (id)"));
        Assert.That(sql, Does.EndWith(Protect));
    }

    [Test]
    public async Task A_new_index_leads_with_the_tenant()
    {
        await using var db = App.Api.Services.GetRequiredService<OwnerDatabase>().CreateContext();
        var index = ScratchTables.Differences(db).OfType<CreateIndexOperation>().Single(i => i.Table == "probes");
        Assert.That(index.Columns, Is.EqualTo(new[] { "tenant_id", "text" }));
    }

    [Test]
    public async Task A_global_table_may_be_read() => Assert.That(
        await GenerateAsync(NewTable(TableAccess.GlobalReadOnly)),
        Does.EndWith("GRANT SELECT ON app.probes TO hipaa_app;").And.Not.Contains("POLICY"));

    [Test]
    public async Task A_table_of_no_access_may_not() => Assert.That(
        await GenerateAsync(NewTable(null)), Does.Not.Contain("GRANT").And.Not.Contains("POLICY"));

    [TestCase(null, TableAccess.Tenant, Protect)]
    [TestCase(TableAccess.Tenant, null, Expose)]
    [TestCase(TableAccess.Tenant, TableAccess.GlobalReadOnly, Expose + "\nGRANT SELECT ON app.probes TO hipaa_app;")]
    [TestCase(TableAccess.GlobalReadOnly, TableAccess.Tenant, "REVOKE ALL ON app.probes FROM hipaa_app;\n" + Protect)]
    [TestCase(TableAccess.GlobalReadOnly, null, "REVOKE ALL ON app.probes FROM hipaa_app;")]
    [TestCase(TableAccess.Tenant, TableAccess.Tenant, "")]
    public async Task Changing_the_access_of_a_table(string? before, string? after, string sql)
    {
        var operation = new AlterTableOperation { Name = "probes", Schema = "app" };
        operation.OldTable.Name = "probes";
        Annotate(operation.OldTable, before);
        Annotate(operation, after);
        Assert.That(await GenerateAsync(operation), Is.EqualTo(sql));
    }

    /// <summary>The statements as the server takes them, there and back.</summary>
    [Test]
    public async Task From_tenant_to_nothing_and_back_leaves_the_same_table()
    {
        var (api, _) = await App.NewApiAsync();
        await using var stop = api;
        await using var owner = await api.OpenOwnerConnectionAsync();
        await owner.ExecuteAsync(Expose);
        await using (var app = await api.OpenAppConnectionAsync())
        {
            Assert.ThrowsAsync<Npgsql.PostgresException>(() => app.ExecuteAsync("SELECT FROM app.probes"));
        }

        await owner.ExecuteAsync(Protect);
        Assert.That(await Conventions.CatalogueTests.AuditAsync(api, owner), Is.Empty);
    }

    private static CreateTableOperation NewTable(string? access)
    {
        var table = new CreateTableOperation { Name = "probes", Schema = "app" };
        table.Columns.Add(new AddColumnOperation
        {
            Name = "id", Table = "probes", Schema = "app", ClrType = typeof(Guid), ColumnType = "uuid",
        });
        Annotate(table, access);
        return table;
    }

    private static void Annotate(TableOperation table, string? access)
    {
        if (access is not null)
        {
            table.AddAnnotation(TableAccess.Annotation, access);
        }
    }

    private static async Task<string> GenerateAsync(MigrationOperation operation)
    {
        await using var work = TenantWork.Of(App.Api, null);
        var commands = work.Db.GetService<IMigrationsSqlGenerator>()
            .Generate([operation], work.Db.GetService<IDesignTimeModel>().Model);
        return string.Concat(commands.Select(command => command.CommandText)).Trim();
    }
}
