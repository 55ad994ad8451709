using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Health;

/// <summary>The API takes no traffic while it could not serve it, or could leak by it.</summary>
internal sealed class ReadinessTests
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    [Test]
    public async Task It_is_red_while_a_migration_is_pending_and_green_when_it_is_applied()
    {
        var time = new ManualTime();
        var url = await App.Postgres.CreateDatabaseAsync($"test_{Guid.CreateVersion7():N}");
        await using var api = new ApiHost(url, App.Issuer, null, WithClock(time));

        // Without its schema the role check cannot tell either, and says so by being red.
        await api.ShouldBeRedAsync("migrations", "isolation");

        await api.RunAsync("migrate", "up");
        time.Advance(Freshness);
        await api.ShouldBeGreenAsync();

        await App.Postgres.ExecuteAsSuperuserAsync(
            $"DELETE FROM app.{DatabaseRoles.MigrationsTable}", DatabaseUrl.Parse(url).Database);
        time.Advance(Freshness);
        await api.ShouldBeRedAsync("migrations");
    }

    [Test]
    public async Task It_is_green_on_the_schema_of_a_newer_build()
    {
        var (api, url) = await App.NewApiAsync();
        await using var _ = api;
        await App.Postgres.ExecuteAsSuperuserAsync(
            $"INSERT INTO app.{DatabaseRoles.MigrationsTable} VALUES ('99991231235959_FromTheFuture', '10.0.0')",
            DatabaseUrl.Parse(url).Database);

        await api.ShouldBeGreenAsync();
    }

    [TestCase("ALTER TABLE app.probes NO FORCE ROW LEVEL SECURITY", "ALTER TABLE app.probes FORCE ROW LEVEL SECURITY")]
    [TestCase("ALTER TABLE app.probes DISABLE ROW LEVEL SECURITY", "ALTER TABLE app.probes ENABLE ROW LEVEL SECURITY")]
    [TestCase("CREATE TABLE app.by_hand (tenant_id uuid, id uuid)", "DROP TABLE app.by_hand")]
    [TestCase(
        "CREATE TABLE app.by_hand (tenant_id uuid) PARTITION BY HASH (tenant_id)", "DROP TABLE app.by_hand")]
    public async Task It_is_red_while_a_tenants_table_is_not_forced(string harm, string repair)
    {
        var time = new ManualTime();
        var (api, url) = await App.NewApiAsync(null, WithClock(time));
        await using var _ = api;
        var database = DatabaseUrl.Parse(url).Database;
        await api.ShouldBeGreenAsync();

        await App.Postgres.ExecuteAsSuperuserAsync(harm, database);
        time.Advance(Freshness);
        await api.ShouldBeRedAsync("isolation");

        await App.Postgres.ExecuteAsSuperuserAsync(repair, database);
        time.Advance(Freshness);
        await api.ShouldBeGreenAsync();
    }

    [Test]
    public async Task It_is_red_while_the_identity_provider_is_away_at_start_and_green_when_it_is_back()
    {
        await using var issuer = await TestIssuer.StartAsync();
        issuer.IsAway = true;
        await using var api = new ApiHost(App.DatabaseUrl, issuer);
        await api.ShouldBeRedAsync("signing keys");

        issuer.IsAway = false;

        await Eventually.IsTrueAsync(
            async () => (await api.Anonymous().GetAsync(Readiness.Path)).IsSuccessStatusCode,
            "It never became green again.");
    }

    [Test]
    public async Task It_is_red_and_alive_while_the_database_is_away()
    {
        var dead = new UriBuilder(App.DatabaseUrl) { Port = Ports.Dead }.Uri.AbsoluteUri;
        await using var api = new ApiHost(dead, App.Issuer);

        await api.ShouldBeRedAsync("database", "migrations", "isolation");
        await (await api.Anonymous().GetAsync("/health")).ShouldBeJsonAsync();
    }

    [Test]
    public async Task However_many_ask_it_checks_once_a_second()
    {
        var checks = 0;
        var time = new ManualTime();
        await using var api = new ApiHost(App.DatabaseUrl, App.Issuer, null, services =>
        {
            services.AddSingleton<TimeProvider>(time);
            services.AddHealthChecks().AddCheck("count", () =>
            {
                Interlocked.Increment(ref checks);
                return HealthCheckResult.Healthy();
            });
        });

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.ShouldBeGreenAsync()));
        Assert.That(checks, Is.EqualTo(1));

        time.Advance(Freshness - TimeSpan.FromMilliseconds(1));
        await api.ShouldBeGreenAsync();
        Assert.That(checks, Is.EqualTo(1));

        time.Advance(TimeSpan.FromMilliseconds(1));
        await api.ShouldBeGreenAsync();
        Assert.That(checks, Is.EqualTo(2));
    }

    private static Action<IServiceCollection> WithClock(ManualTime time) =>
        services => services.AddSingleton<TimeProvider>(time);
}
