using HipaaTemplate.Platform.Database;
using HipaaTemplate.Tests.Conventions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

/// <summary>What row-level security does not stop, because the schema itself tells it.</summary>
internal sealed class SchemaPitfallTests
{
    private NaiveDatabase naive = null!;
    private ApiHost api = null!;
    private NpgsqlConnection superuser = null!;
    private TwoClinics clinics = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await App.NewApiAsync();
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        clinics = await TwoClinics.StoreAsync(api);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await superuser.DisposeAsync();
        await api.DisposeAsync();
    }

    [SetUp]
    public async Task StoreAsync() => naive = await NaiveDatabase.CreateAsync();

    [Test]
    [Pitfall(12, "a foreign key without the tenant")]
    public async Task A_reference_to_another_tenants_row_is_checked_past_every_policy()
    {
        await using (var bound = await naive.OpenBoundAsync(naive.Own.TenantId))
        {
            string NoteOn(Guid row) =>
                $"INSERT INTO naive.notes (id, tenant_id, row_id) VALUES (gen_random_uuid(), '{naive.Own.TenantId}', '{row}')";
            Assert.That(await bound.ScalarAsync<long>("SELECT count(*) FROM naive.rows"), Is.EqualTo(1), "row-level security is on");
            Assert.That(await bound.ExecuteAsync(NoteOn(naive.Other.Id)), Is.EqualTo(1), "the danger: it is stored");
            Assert.That(
                Assert.ThrowsAsync<PostgresException>(() => bound.ExecuteAsync(NoteOn(Guid.CreateVersion7())))!.SqlState,
                Is.EqualTo(PostgresErrorCodes.ForeignKeyViolation), "the danger: who asks learns which ids exist");
        }

        await using var theirs = await naive.OpenBoundAsync(naive.Other.TenantId);
        Assert.ThrowsAsync<PostgresException>(
            () => theirs.ExecuteAsync($"DELETE FROM naive.rows WHERE id = '{naive.Other.Id}'"), "the danger: and who owns it cannot delete it");

        Assert.That(await RefusalOfNoteAsync(clinics.OtherRow), Is.EqualTo(await RefusalOfNoteAsync(Guid.CreateVersion7())));
    }

    [Test]
    [Pitfall(14, "a unique index over all tenants")]
    public async Task A_unique_index_tells_that_another_tenant_has_the_value()
    {
        await using (var bound = await naive.OpenBoundAsync(naive.Own.TenantId))
        {
            string Insert(string text) =>
                $"INSERT INTO naive.rows (id, tenant_id, text) VALUES (gen_random_uuid(), '{naive.Own.TenantId}', '{text}') ON CONFLICT (text) ";
            Assert.That(await bound.ExecuteAsync($"{Insert("free")} DO NOTHING"), Is.EqualTo(1));
            Assert.That(await bound.ExecuteAsync($"{Insert("other")} DO NOTHING"), Is.Zero, "the danger, without a word");
            Assert.That(
                Assert.ThrowsAsync<PostgresException>(
                    () => bound.ExecuteAsync($"{Insert("other")} DO UPDATE SET hidden = true"))!.SqlState,
                Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege), "the danger");
        }

        await using var work = TenantWork.Of(api, clinics.Own.Id);
        foreach (var action in new[] { "DO NOTHING", "DO UPDATE SET text = excluded.text" })
        {
            await using var app = await api.OpenAppConnectionAsync();
            await using var transaction = await app.BeginTransactionAsync();
            await api.EnterAsync(app, clinics.Own.Id);
            Assert.That(
                await app.ExecuteAsync($"""
                    INSERT INTO app.probes (tenant_id, id, text)
                    VALUES ('{clinics.Own.Id}', gen_random_uuid(), '{clinics.Other.Id}') ON CONFLICT (tenant_id, text) {action}
                    """),
                Is.EqualTo(1), "the value is free");
        }

        await ShouldBeFoundAsync("CREATE UNIQUE INDEX wrong ON app.probes (text)", "index does not lead with tenant_id", "app.wrong");
    }

    [Test]
    [Pitfall(15, "identity columns and sequences")]
    public async Task A_sequence_counts_the_other_tenants_rows()
    {
        await using (var bound = await naive.OpenBoundAsync(naive.Own.TenantId))
        {
            await bound.ExecuteAsync("RESET ROLE; ALTER TABLE naive.rows ADD number int GENERATED ALWAYS AS IDENTITY");
            await bound.ExecuteAsync($"SET ROLE {DatabaseRoles.App}");
            string InsertFor(Guid tenant) =>
                $"INSERT INTO naive.rows (id, tenant_id) VALUES (gen_random_uuid(), '{tenant}') RETURNING number";
            var before = await bound.ScalarAsync<int>(InsertFor(naive.Own.TenantId));
            await bound.ExecuteAsync($"SET naive.tenant = '{naive.Other.TenantId}'");
            for (var i = 0; i < 7; i++)
            {
                await bound.ExecuteAsync(InsertFor(naive.Other.TenantId));
            }

            await bound.ExecuteAsync($"SET naive.tenant = '{naive.Own.TenantId}'");
            Assert.That(await bound.ScalarAsync<int>(InsertFor(naive.Own.TenantId)) - before - 1, Is.EqualTo(7), "the danger");
        }

        Assert.That(
            await superuser.ScalarAsync<long>("SELECT count(*) FROM pg_sequences WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"),
            Is.Zero);
        await ShouldBeFoundAsync(
            "ALTER TABLE app.probes ADD number int GENERATED ALWAYS AS IDENTITY",
            "column counts across tenants (identity or sequence)", "app.probes.number");
    }

    [Test]
    [Pitfall(17, "views, materialized views and definer functions of a role that no policy binds")]
    public async Task A_view_of_a_superuser_shows_all_tenants()
    {
        await superuser.ExecuteAsync($"""
            CREATE VIEW app.seen AS SELECT id FROM app.probes;
            CREATE MATERIALIZED VIEW app.kept AS SELECT id FROM app.probes;
            CREATE FUNCTION app.peek() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT id FROM app.probes';
            GRANT SELECT ON app.seen, app.kept TO {DatabaseRoles.App};
            """);
        await using var app = await api.OpenAppConnectionAsync();
        string[] doors = ["SELECT id FROM app.seen", "SELECT id FROM app.kept", "SELECT app.peek()"];
        foreach (var door in doors)
        {
            Assert.That(await ReadAsync(app, door), Is.SupersetOf(new[] { clinics.OwnRow, clinics.OtherRow }), $"the danger: {door}");
        }

        Assert.That(await CatalogueTests.AuditAsync(api, superuser), Is.SupersetOf(new[]
        {
            new IsolationViolation("view runs with its owner's rights", "app.seen"),
            new IsolationViolation($"{DatabaseRoles.App} reads a materialized view, which has no policies", "app.kept"),
            new IsolationViolation("function runs with its owner's rights", "app.peek()"),
        }));
        await superuser.ExecuteAsync("DROP VIEW app.seen; DROP MATERIALIZED VIEW app.kept; DROP FUNCTION app.peek()");

        // What migrations make belongs to hipaa_owner, whom FORCE binds like anybody.
        await using (var owner = await api.OpenOwnerConnectionAsync())
        {
            await owner.ExecuteAsync($"""
                CREATE VIEW app.seen AS SELECT id FROM app.probes;
                CREATE FUNCTION app.peek() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT id FROM app.probes';
                CREATE MATERIALIZED VIEW app.kept AS SELECT id FROM app.probes;
                GRANT SELECT ON app.seen, app.kept TO {DatabaseRoles.App};
                """);
        }

        Assert.That(await ReadAsync(app, doors[0]), Is.EqualTo(new[] { clinics.OwnRow }));
        Assert.That(await ReadAsync(app, doors[1]), Is.Empty);
        Assert.That(await ReadAsync(app, doors[2]), Is.EqualTo(new[] { clinics.OwnRow }));
        await superuser.ExecuteAsync("DROP VIEW app.seen; DROP MATERIALIZED VIEW app.kept; DROP FUNCTION app.peek()");
    }

    [Test]
    [Pitfall(20, "the model and the database drift apart")]
    public async Task A_column_that_no_migration_made_fails_when_it_is_read()
    {
        await using var db = new Drifted(naive.Options<Drifted>()) { Tenant = naive.Own.TenantId };
        Assert.That(
            () => db.Rows.ToListAsync(),
            Throws.TypeOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.UndefinedColumn),
            "the danger");

        await using var work = TenantWork.Of(api, null);
        Assert.That(
            ScratchTables.Differences(work.Db).OfType<CreateTableOperation>().Select(table => table.Name),
            Is.SupersetOf(new[] { "probes", "probe_notes" }), "tables of the test host have no migration, and the differ sees it");
        await ShouldBeFoundAsync("ALTER TABLE app.probes DROP COLUMN text", "the database lacks", "column app.probes.text text NOT NULL");
    }

    private async Task<string> RefusalOfNoteAsync(Guid probeId)
    {
        await using var work = TenantWork.Of(api, clinics.Own.Id);
        work.Db.Add(new ProbeNote { Id = Guid.CreateVersion7(), ProbeId = probeId });
        var refusal = (PostgresException)Assert.ThrowsAsync<DbUpdateException>(() => work.Db.SaveChangesAsync())!.InnerException!;
        Assert.That(refusal.SqlState, Is.EqualTo(PostgresErrorCodes.ForeignKeyViolation));
        return $"{refusal.MessageText} {refusal.ConstraintName} {refusal.Detail}";
    }

    private async Task<List<Guid>> ReadAsync(NpgsqlConnection app, string sql)
    {
        await using var transaction = await app.BeginTransactionAsync();
        await api.EnterAsync(app, clinics.Own.Id);
        return await app.ColumnAsync<Guid>(sql);
    }

    /// <summary>The audit names the fault; the fault does not outlive the question.</summary>
    private async Task ShouldBeFoundAsync(string fault, string rule, string subject)
    {
        await using var transaction = await superuser.BeginTransactionAsync();
        await superuser.ExecuteAsync(fault);
        Assert.That(await CatalogueTests.AuditAsync(api, superuser), Does.Contain(new IsolationViolation(rule, subject)));
    }

    private sealed class Drifted(DbContextOptions options) : NaiveContext(options)
    {
        protected override void MapFilters(ModelBuilder modelBuilder) =>
            modelBuilder.Entity<NaiveRow>().Property<string>("Forgotten");
    }
}
