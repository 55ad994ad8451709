using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

/// <summary>What settings, statistics and kept plans do to one connection that serves everybody.</summary>
internal sealed class PlannerPitfallTests
{
    private const int MoreThanUntilGeneric = 12;
    private const int Rows = 5_000;

    private ApiHost api = null!;
    private NpgsqlConnection superuser = null!;
    private NpgsqlConnection app = null!;
    private TwoClinics clinics = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await App.NewApiAsync();
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        app = await api.OpenAppConnectionAsync();
        clinics = await TwoClinics.StoreAsync(api);
        await superuser.ExecuteAsync($"""
            INSERT INTO app.probe_notes (tenant_id, id, probe_id, text)
                SELECT '{clinics.Other.Id}', gen_random_uuid(), '{clinics.OtherRow}', 'note ' || n FROM generate_series(1, {Rows}) n;
            """);
        await superuser.ExecuteAsync("ANALYZE");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await app.DisposeAsync();
        await superuser.DisposeAsync();
        await api.DisposeAsync();
    }

    /// <summary>Accepted for whoever can run SQL of his own: the API offers no way to.</summary>
    [Test]
    [Pitfall(16, "statistics and estimates")]
    public async Task An_estimate_counts_another_tenants_rows()
    {
        await using var transaction = await app.BeginTransactionAsync();
        await api.EnterAsync(app, clinics.Own.Id);
        var plan = string.Join('\n', await app.ColumnAsync<string>(
            $"EXPLAIN SELECT FROM app.probe_notes WHERE tenant_id = '{clinics.Other.Id}'"));
        Assert.That(plan, Does.Contain($"rows={Rows}"), "the danger");
        Assert.That(await app.ScalarAsync<float>("SELECT reltuples FROM pg_class WHERE oid = 'app.probe_notes'::regclass"),
            Is.EqualTo(Rows), "the danger");

        Assert.That(await app.ScalarAsync<long>("SELECT count(*) FROM pg_stats WHERE tablename = 'probe_notes'"), Is.Zero,
            "the values themselves are hidden");
        Assert.That(
            SourceTree.Product.Where(file => SourceTree.Read(file).Contains("EXPLAIN", StringComparison.OrdinalIgnoreCase)), Is.Empty);
    }

    [Test]
    [Pitfall(23, "a setting that holds no tenant")]
    public async Task A_setting_that_was_local_once_is_empty_and_not_absent()
    {
        var naive = await NaiveDatabase.CreateAsync();
        await using var bound = await naive.OpenBoundAsync(naive.Own.TenantId);
        await bound.ExecuteAsync("""
            RESET ROLE;
            ALTER POLICY only_own ON naive.rows USING (tenant_id = current_setting('naive.other', true)::uuid);
            SET ROLE hipaa_app;
            """);
        Assert.That(await bound.ScalarAsync<long>("SELECT count(*) FROM naive.rows"), Is.Zero);
        await bound.ExecuteAsync($"BEGIN; SET LOCAL naive.other = '{naive.Own.TenantId}'; COMMIT");
        Assert.That(
            Assert.ThrowsAsync<PostgresException>(() => bound.ScalarAsync<long>("SELECT count(*) FROM naive.rows"))!.SqlState,
            Is.EqualTo(PostgresErrorCodes.InvalidTextRepresentation), "the danger: closed, but every later query fails");

        await using (var transaction = await app.BeginTransactionAsync())
        {
            await api.EnterAsync(app, clinics.Own.Id);
            Assert.That(await app.ScalarAsync<long>("SELECT count(*) FROM app.probes"), Is.EqualTo(1));
        }

        Assert.That(await app.ScalarAsync<long>("SELECT count(*) FROM app.probes"), Is.Zero);
        await using (var transaction = await app.BeginTransactionAsync())
        {
            await api.EnterAsync(app, null);
            Assert.That(await app.ScalarAsync<long>("SELECT count(*) FROM app.probes"), Is.Zero);
        }

        Assert.That(() => TenantId.From(Guid.Empty), Throws.ArgumentException);
        Assert.That(() => default(TenantId).ToString(), Throws.InvalidOperationException);
    }

    [Test]
    [Pitfall(24, "a kept generic plan")]
    public async Task A_prepared_statement_keeps_its_plan_but_never_its_tenant()
    {
        await using (var transaction = await app.BeginTransactionAsync())
        {
            await app.ExecuteAsync("PREPARE planned AS SELECT id FROM app.probe_notes WHERE tenant_id = $1 AND text = $2");
            await app.ExecuteAsync("SET LOCAL plan_cache_mode = force_generic_plan");
            var execute = $"EXECUTE planned ('{clinics.Other.Id}', 'note 1')";
            var before = await PlanAsync(execute);
            await app.ExecuteAsync("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_indexonlyscan = off");
            Assert.That(await PlanAsync(execute), Is.EqualTo(before), "the danger: the settings change nothing");
            await app.ExecuteAsync("SET LOCAL plan_cache_mode = force_custom_plan");
            Assert.That(await PlanAsync(execute), Does.Contain("Seq Scan"), "the defence: made anew");
        }

        await app.ExecuteAsync("PREPARE everybody AS SELECT id FROM app.probes");
        for (var i = 0; i < MoreThanUntilGeneric; i++)
        {
            var (clinic, row) = i % 2 == 0 ? (clinics.Own, clinics.OwnRow) : (clinics.Other, clinics.OtherRow);
            await using var transaction = await app.BeginTransactionAsync();
            await api.EnterAsync(app, clinic.Id);
            Assert.That(await app.ColumnAsync<Guid>("EXECUTE everybody"), Is.EqualTo(new[] { row }));
        }
    }

    private async Task<string> PlanAsync(string execute) =>
        string.Join('\n', await app.ColumnAsync<string>($"EXPLAIN (COSTS off) {execute}"));
}
