using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Conventions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>What hipaa_reviewer sees of the trail: one tenant's events, and of whom it is not told nothing.</summary>
internal sealed class ReviewerTests
{
    private static readonly string[] Loosened =
    [
        "GRANT INSERT ON audit.events TO hipaa_reviewer",
        "GRANT UPDATE (outcome) ON audit.events TO hipaa_reviewer",
        "GRANT DELETE ON audit.patient_events TO hipaa_reviewer",
        "GRANT SELECT ON audit.seals TO hipaa_reviewer",
        "GRANT SELECT (wrapped) ON keys.tenant_keys TO hipaa_reviewer",
        "GRANT SELECT ON app.users TO hipaa_reviewer",
        "GRANT SELECT ON app.users TO PUBLIC",
        "GRANT CREATE ON SCHEMA audit TO hipaa_reviewer",
        "REVOKE SELECT ON audit.patient_events FROM hipaa_reviewer",
        "CREATE FUNCTION audit.everything() RETURNS SETOF audit.events LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM audit.events'; REVOKE ALL ON FUNCTION audit.everything() FROM PUBLIC; GRANT EXECUTE ON FUNCTION audit.everything() TO hipaa_reviewer",
        "ALTER TABLE audit.patient_events DROP CONSTRAINT patient_events_pkey",
    ];

    /// <summary>Of these readiness tells too, which looks at less.</summary>
    private static readonly string[] Passing =
    [
        "ALTER ROLE hipaa_reviewer BYPASSRLS",
        "ALTER ROLE hipaa_reviewer SUPERUSER",
        "ALTER ROLE hipaa_reviewer CREATEROLE",
        "GRANT hipaa_auditor TO hipaa_reviewer",
        "GRANT hipaa_owner TO hipaa_reviewer",
        "ALTER TABLE audit.heads OWNER TO hipaa_reviewer",
        "ALTER POLICY audit_reading ON audit.events TO hipaa_auditor, hipaa_sealer, hipaa_reviewer",
        "ALTER POLICY audit_reading ON audit.patient_events TO PUBLIC",
        "CREATE POLICY more ON audit.events FOR SELECT TO hipaa_reviewer USING (true)",
        "ALTER POLICY tenant_isolation ON audit.events USING (true)",
        "ALTER TABLE audit.events NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE audit.patient_events DISABLE ROW LEVEL SECURITY",
    ];

    private static string[] All => [.. Loosened, .. Passing];

    /// <summary>Events of keys depend on who had them at hand.</summary>
    private static readonly TrailFilter OfChanges = new() { Action = AuditAction.ChangeRecords.Word() };

    private Clinic own = null!;
    private Clinic other = null!;
    private Guid patient;

    [OneTimeSetUp]
    public async Task StoreAsync()
    {
        (own, other) = (await App.NewClinicAsync(), await App.NewClinicAsync());
        foreach (var clinic in new[] { other, own })
        {
            await using var work = TenantWork.Of(App.Api, clinic.Id);
            var probe = new SealedProbe { Code = $"code-{Guid.CreateVersion7():N}" };
            work.Db.Add(probe);
            await work.Db.SaveChangesAsync();
            patient = probe.Id;
        }
    }

    [Test]
    public async Task It_sees_the_events_of_the_tenant_whose_scope_is_set_and_no_others()
    {
        await using var reviewer = await App.Api.Services.GetRequiredService<ReviewerDatabase>().OpenAsync(CancellationToken.None);
        await using var transaction = await reviewer.BeginTransactionAsync();
        foreach (var table in AuditTables.Added)
        {
            await App.Api.EnterAsync(reviewer, null);
            Assert.That(await reviewer.ScalarAsync<long>($"SELECT count(*) FROM {table}"), Is.Zero, "nobody's");
            await App.Api.EnterAsync(reviewer, TenantId.From(Guid.CreateVersion7()));
            Assert.That(await reviewer.ScalarAsync<long>($"SELECT count(*) FROM {table}"), Is.Zero, "a stranger's");
            await App.Api.EnterAsync(reviewer, own.Id);
            Assert.That(await reviewer.ColumnAsync<Guid>($"SELECT DISTINCT tenant_id FROM {table}"), Is.EqualTo(new[] { own.Id.Value }));
            await reviewer.ExecuteAsync($"SELECT set_config('app.tenant_token', '{other.Id}', true)");
            Assert.That(await reviewer.ScalarAsync<long>($"SELECT count(*) FROM {table}"), Is.Zero, "an id that nobody signed");
        }
    }

    /// <summary>The query asks for one tenant, the scope is another's: the policy decides.</summary>
    [Test]
    public async Task The_policy_alone_keeps_tenants_apart()
    {
        await using var reviewer = await App.Api.Services.GetRequiredService<ReviewerDatabase>().OpenAsync(CancellationToken.None);
        foreach (var filter in new[] { OfChanges, new TrailFilter { Patient = patient } })
        {
            foreach (var (scope, expected) in new[] { (own.Id, 1), (other.Id, 0) })
            {
                await using var batch = new NpgsqlBatch(reviewer);
                batch.BatchCommands.Add(App.Api.Services.GetRequiredService<ITenantScopeSql>().For(scope).CreateBatchCommand());
                batch.BatchCommands.Add(TenantTrail.List(own.Id, filter, 10));
                await using var reader = await batch.ExecuteReaderAsync();
                await reader.NextResultAsync();
                var rows = 0;
                while (await reader.ReadAsync())
                {
                    rows++;
                }

                Assert.That(rows, Is.EqualTo(expected), $"{filter} as {scope}");
            }
        }
    }

    [TestCase(Server.Direct)]
    [TestCase(Server.PgBouncer)]
    public async Task It_reads_what_was_stored(Server server)
    {
        var api = await App.ApiAsync(server);
        var trail = api.Services.GetRequiredService<TenantTrail>();
        var stored = (await TrailReader.EventsAsync(App.DatabaseUrl, own.Id)).Single();
        var all = await trail.ListAsync(own.Id, OfChanges, 10, CancellationToken.None);
        var named = await trail.ListAsync(own.Id, new TrailFilter { Patient = patient }, 10, CancellationToken.None);
        var found = await trail.FindAsync(own.Id, [stored.Entry.Id, Guid.CreateVersion7()], CancellationToken.None);
        foreach (var one in new[] { all, named, found }.Select(events => events.Single()))
        {
            Assert.That(one.Stamped.Mac, Is.EqualTo(stored.Mac));
            Assert.That(AuditEncoding.Encode(one.Stamped.Entry), Is.EqualTo(AuditEncoding.Encode(stored.Entry)));
            Assert.That(one.Leaf, Is.Null);
        }

        Assert.That(await trail.FindAsync(other.Id, [stored.Entry.Id], CancellationToken.None), Is.Empty);
        Assert.That(await trail.ListAsync(other.Id, new TrailFilter { Patient = patient }, 10, CancellationToken.None), Is.Empty);
    }

    /// <summary>Whoever runs SQL as the API may add to the table of patients; that alone shows nothing.</summary>
    [Test]
    public async Task An_event_that_does_not_name_the_patient_is_not_shown_for_one()
    {
        var somebody = Guid.CreateVersion7();
        var stored = (await TrailReader.EventsAsync(App.DatabaseUrl, own.Id)).Single();
        await using (var app = await App.Api.OpenAppConnectionAsync())
        {
            await using var transaction = await app.BeginTransactionAsync();
            await App.Api.EnterAsync(app, own.Id);
            await app.ExecuteAsync($"INSERT INTO {AuditTables.PatientEvents} VALUES ('{own.Id}', '{somebody}', '{stored.Entry.Id}')");
            await transaction.CommitAsync();
        }

        var trail = App.Api.Services.GetRequiredService<TenantTrail>();
        Assert.That(await trail.ListAsync(own.Id, new TrailFilter { Patient = somebody }, 10, CancellationToken.None), Is.Empty);
    }

    [TestCase("UPDATE audit.events SET outcome = 'refused'")]
    [TestCase("DELETE FROM audit.events")]
    [TestCase("DELETE FROM audit.patient_events")]
    [TestCase("TRUNCATE audit.patient_events")]
    [TestCase("INSERT INTO audit.patient_events VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid())")]
    [TestCase("INSERT INTO audit.leaves SELECT * FROM audit.leaves")]
    [TestCase("SELECT count(*) FROM audit.seals")]
    [TestCase("SELECT count(*) FROM audit.signing_keys")]
    [TestCase("SELECT count(*) FROM app.users")]
    [TestCase("SELECT count(*) FROM app.sealed_probes")]
    [TestCase("SELECT count(*) FROM keys.tenant_keys")]
    [TestCase("SET ROLE hipaa_auditor")]
    [TestCase("SET ROLE hipaa_app")]
    [TestCase("SET row_security = off; SELECT count(*) FROM audit.events")]
    [TestCase("CREATE TABLE audit.mine ()")]
    [TestCase("CREATE TEMP TABLE mine ()")]
    public async Task It_may_do_nothing_else(string statement)
    {
        await using var reviewer = await App.Api.Services.GetRequiredService<ReviewerDatabase>().OpenAsync(CancellationToken.None);
        await using var transaction = await reviewer.BeginTransactionAsync();
        await App.Api.EnterAsync(reviewer, own.Id);
        Assert.That(
            () => reviewer.ExecuteAsync(statement),
            Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.InsufficientPrivilege));
    }

    [Test]
    public async Task It_sees_what_was_sealed_of_all()
    {
        await using var reviewer = await App.Api.Services.GetRequiredService<ReviewerDatabase>().OpenAsync(CancellationToken.None);
        Assert.That(await reviewer.ScalarAsync<long>("SELECT count(*) FROM audit.leaves"), Is.Not.Negative);
        Assert.That(await reviewer.ScalarAsync<long>("SELECT count(*) FROM audit.heads"), Is.Not.Negative);
    }

    /// <summary>In a transaction that is rolled back: roles belong to the cluster.</summary>
    [TestCaseSource(nameof(All))]
    public async Task A_role_that_was_loosened_is_found(string harm)
    {
        await App.Roles.WaitAsync();
        try
        {
            await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
            await using var transaction = await superuser.BeginTransactionAsync();
            Assert.That(await superuser.ScalarAsync<bool>($"SELECT {ReviewerRole.CanPass}"), Is.False);
            await superuser.ExecuteAsync(harm);
            Assert.That(await CatalogueTests.AuditAsync(App.Api, superuser), Is.Not.Empty);
            Assert.That(await superuser.ScalarAsync<bool>($"SELECT {ReviewerRole.CanPass}"), Is.EqualTo(Passing.Contains(harm)));
        }
        finally
        {
            App.Roles.Release();
        }
    }
}
