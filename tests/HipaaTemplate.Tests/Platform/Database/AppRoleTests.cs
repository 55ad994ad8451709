using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>
/// The last wall alone: SQL as hipaa_app, with nothing of the API around it, on every tenant table of
/// the model.
/// </summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
[Hipaa(Citations.AccessControl)]
internal sealed class AppRoleTests(Server server)
{
    private ApiHost api = null!;
    private NpgsqlConnection superuser = null!;
    private string[] tables = null!;
    private Clinic northwind = null!;
    private Clinic southgate = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await App.NewApiAsync(server);
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        (northwind, southgate) = (await App.NewClinicAsync(api), await App.NewClinicAsync(api));
        tables = api.IsolationPromise().TenantTables;
        // Some value in every column refers to no row; nothing here is about references.
        await superuser.ExecuteAsync("SET session_replication_role = replica");
        foreach (var table in tables)
        {
            await superuser.ExecuteAsync(await InsertAsync(table, northwind.Id));
            await superuser.ExecuteAsync(await InsertAsync(table, southgate.Id));
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await superuser.DisposeAsync();
        await api.DisposeAsync();
    }

    [Test]
    public async Task Without_a_tenant_there_are_no_rows() => await ForEachTableAsync(async (app, table) =>
    {
        Assert.That(await app.ScalarAsync<long>($"SELECT count(*) FROM {table}"), Is.Zero, table);
        await ShouldTouchNothingAsync(app, table, $"UPDATE {table} SET id = id");
        await ShouldTouchNothingAsync(app, table, $"DELETE FROM {table}");
    });

    [Test]
    public async Task Without_a_tenant_nothing_can_be_stored() => await ForEachTableAsync(async (app, table) =>
        await ShouldBeRefusedAsync(app, await InsertAsync(table, northwind.Id)));

    [Test]
    public async Task With_a_tenant_there_are_its_rows_and_no_others() => await ForEachTableAsync(async (app, table) =>
    {
        await EnterAsync(app, northwind.Id);
        Assert.That(
            await app.ColumnAsync<Guid>($"SELECT DISTINCT tenant_id FROM {table}"),
            Is.EqualTo(new[] { northwind.Id.Value }), table);
    });

    [Test]
    public async Task Another_tenants_row_can_be_neither_changed_nor_deleted() => await ForEachTableAsync(async (app, table) =>
    {
        await EnterAsync(app, northwind.Id);
        await ShouldTouchNothingAsync(app, table, $"UPDATE {table} SET id = id WHERE tenant_id = '{southgate.Id}'");
        await ShouldTouchNothingAsync(app, table, $"DELETE FROM {table} WHERE tenant_id = '{southgate.Id}'");
    });

    [Test]
    public async Task A_row_cannot_be_stored_for_another_tenant() => await ForEachTableAsync(async (app, table) =>
    {
        await EnterAsync(app, northwind.Id);
        await ShouldBeRefusedAsync(app, await InsertAsync(table, southgate.Id));
    });

    [Test]
    public async Task A_row_cannot_be_moved_to_another_tenant() => await ForEachTableAsync(async (app, table) =>
    {
        await EnterAsync(app, northwind.Id);
        await ShouldBeRefusedAsync(app, $"UPDATE {table} SET tenant_id = '{southgate.Id}'");
    });

    [Test]
    public async Task A_tenant_that_nobody_signed_is_nobody() => await ForEachTableAsync(async (app, table) =>
    {
        foreach (var setting in new[] { BareTenantScope.Setting, SignedTenantScope.Setting })
        {
            foreach (var value in new[] { $"{northwind.Id}", "x'' OR true", new string('x', 112), new string('0', 112), new string('ä', 112) })
            {
                await app.ExecuteAsync($"SELECT set_config('{setting}', '{value}', true)");
                Assert.That(await app.ScalarAsync<long>($"SELECT count(*) FROM {table}"), Is.Zero, $"{table} {value}");
            }
        }
    });

    [TestCase("SET row_security = off; SELECT count(*) FROM {0}")]
    [TestCase("ALTER TABLE {0} DISABLE ROW LEVEL SECURITY")]
    [TestCase("ALTER TABLE {0} NO FORCE ROW LEVEL SECURITY")]
    [TestCase("DROP POLICY tenant_isolation ON {0}")]
    [TestCase("CREATE POLICY mine ON {0} USING (true)")]
    [TestCase("TRUNCATE {0}")]
    [TestCase("DROP TABLE {0}")]
    [TestCase("CREATE INDEX ON {0} (id)")]
    [TestCase("CREATE TABLE app.mine (id uuid REFERENCES {0} (id))")]
    [TestCase("CREATE TABLE public.mine (id uuid)")]
    [TestCase("CREATE TEMP TABLE mine (id uuid)")]
    [TestCase("CREATE SCHEMA mine")]
    [TestCase("CREATE OR REPLACE FUNCTION app.current_tenant_id() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'")]
    [TestCase("SET ROLE hipaa_owner")]
    [TestCase("ALTER ROLE hipaa_app BYPASSRLS")]
    [TestCase("COPY {0} FROM PROGRAM 'true'")]
    [TestCase("INSERT INTO app.tenants (id, slug, name, status, created_at) VALUES (gen_random_uuid(), 's', 'n', 1, now())")]
    [TestCase("UPDATE app.tenants SET status = 1")]
    [TestCase("DELETE FROM app.tenants")]
    [TestCase("DELETE FROM app.__ef_migrations_history")]
    public async Task The_api_role_may_not(string sql) => await ForEachTableAsync(async (app, table) =>
    {
        await EnterAsync(app, northwind.Id);
        await ShouldBeRefusedAsync(app, sql.Replace("{0}", table, StringComparison.Ordinal));
    });

    [Test]
    public async Task The_owner_is_bound_too() => await ForEachTableAsync(async (_, table) =>
    {
        await using var owner = await api.OpenOwnerConnectionAsync();
        Assert.That(await owner.ScalarAsync<long>($"SELECT count(*) FROM {table}"), Is.Zero, table);
    });

    private async Task ForEachTableAsync(Func<NpgsqlConnection, string, Task> check)
    {
        Assert.That(tables, Is.Not.Empty);
        foreach (var table in tables)
        {
            await using var app = await api.OpenAppConnectionAsync();
            await using var transaction = await app.BeginTransactionAsync();
            await check(app, table);
        }
    }

    /// <summary>Of a table that is only added to, not even the tenant's own rows.</summary>
    private async Task ShouldTouchNothingAsync(NpgsqlConnection app, string table, string sql)
    {
        if (!api.IsolationPromise().AppendTables.Contains(table))
        {
            Assert.That(await app.ExecuteAsync(sql), Is.Zero, sql);
            return;
        }

        await app.ExecuteAsync("SAVEPOINT before");
        await ShouldBeRefusedAsync(app, sql);
        await app.ExecuteAsync("ROLLBACK TO before");
    }

    private Task EnterAsync(NpgsqlConnection app, TenantId tenant) => api.EnterAsync(app, tenant);

    private static Task ShouldBeRefusedAsync(
        NpgsqlConnection app, string sql, string state = PostgresErrorCodes.InsufficientPrivilege)
    {
        var refusal = Assert.ThrowsAsync<PostgresException>(() => app.ExecuteAsync(sql), sql);
        Assert.That(refusal!.SqlState, Is.EqualTo(state), sql);
        return Task.CompletedTask;
    }

    /// <summary>An INSERT that gives every required column some value, whatever the table is.</summary>
    private async Task<string> InsertAsync(string table, TenantId tenant)
    {
        var columns = await superuser.ColumnAsync<string[]>($"""
            SELECT ARRAY[attname::text, format_type(atttypid, atttypmod)] FROM pg_attribute
            WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT atthasdef AND (attnotnull OR attname = 'wrapped')
            """);
        var values = columns.Select(column => column switch
        {
            ["tenant_id", _] => $"'{tenant}'",
            [_, "uuid"] => "gen_random_uuid()",
            [_, "date"] => "'2000-02-29'",
            [_, "boolean"] => "true",
            [_, "bytea"] => @"'\x00'",
            [_, "smallint" or "integer" or "bigint"] => "1",
            [_, var type] when type.StartsWith("timestamp", StringComparison.Ordinal) => "now()",
            [_, "jsonb"] => "'{}'",
            [_, var type] when type.EndsWith("[]", StringComparison.Ordinal) => "'{}'",
            // A digit, which a case number must have.
            _ => "'text-1'",
        });
        return $"INSERT INTO {table} ({string.Join(", ", columns.Select(column => column[0]))}) "
            + $"VALUES ({string.Join(", ", values)})";
    }
}
