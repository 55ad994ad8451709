using System.Data.Common;
using System.Net.Http.Json;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>
/// What a pooler in transaction mode changes: a session belongs to nobody, and what one client leaves on
/// it the next one finds.
/// </summary>
internal sealed class PoolerTests
{
    private const string Count = "SELECT count(*) FROM app.probes";
    private ApiHost api = null!;
    private NpgsqlConnection superuser = null!;
    private Clinic own = null!;
    private Clinic other = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        // A database of its own: nobody else is a client of its sessions.
        (api, var url) = await App.NewApiAsync(Server.PgBouncer);
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        (own, other) = (await App.NewClinicAsync(api), await App.NewClinicAsync(api));
        foreach (var clinic in new[] { own, other })
        {
            using var stored = await App.As(api, clinic.Admin).PostAsJsonAsync(ProbeFeature.Path, new { text = $"{clinic.Id}" });
            Assert.That(stored.IsSuccessStatusCode, Is.True);
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await superuser.DisposeAsync();
        await api.DisposeAsync();
    }

    [Test]
    public async Task The_api_is_ready_behind_it()
    {
        using var client = api.Anonymous();
        await (await client.GetAsync("/api/v1/health/ready")).ShouldBeJsonAsync();
    }

    /// <summary>Else the suites behind it prove nothing.</summary>
    [Test]
    public async Task Many_clients_share_two_sessions()
    {
        // Each works for a while, so that they do so at once.
        var clients = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => api.OpenAppConnectionAsync()));
        var sessions = await Task.WhenAll(clients.Select(client => client.ScalarAsync<int>("SELECT pg_backend_pid() FROM pg_sleep(0.1)")));
        Assert.That(sessions.Distinct().Count(), Is.AtMost(2));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Test]
    public async Task A_tenant_set_on_the_session_by_one_client_is_found_by_all_others_but_not_by_the_api()
    {
        await using var careless = await api.OpenAppConnectionAsync();
        await using var victim = await api.OpenAppConnectionAsync();
        Assert.That(await victim.ScalarAsync<long>(Count), Is.Zero, "before");
        try
        {
            await SetOnSessionAsync(careless, other.Id);
            Assert.That(await victim.ScalarAsync<long>(Count), Is.EqualTo(1), "the danger: a row of a tenant it never named");

            await using (var work = TenantWork.Of(api, own.Id))
            {
                Assert.That(await TextsAsync(work.Db), Is.EqualTo(new[] { $"{own.Id}" }));
            }

            // The empty value too: without a tenant nothing is seen, whatever the session holds.
            await using (var nobody = TenantWork.Of(api, null))
            {
                Assert.That(await TextsAsync(nobody.Db), Is.Empty);
                Assert.That(await nobody.Db.Database.ExecuteSqlAsync($"DELETE FROM app.probes"), Is.Zero);
            }

            using var client = App.As(api, own.Admin);
            Assert.That(await client.GetStringAsync(ProbeFeature.Path), Does.Contain($"{own.Id}").And.Not.Contain($"{other.Id}"));
            Assert.That(await victim.ScalarAsync<long>(Count), Is.EqualTo(1), "the session was poisoned all the while");
        }
        finally
        {
            await superuser.ExecuteAsync("""
                SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                WHERE usename = 'hipaa_app' AND datname = current_database()
                """);
        }
    }

    /// <summary>What the retries and the guard of COMMIT have to know it by.</summary>
    [Test]
    public async Task Of_a_server_that_vanished_it_says_protocol_violation()
    {
        await using var wire = new CountedApi();
        await using var pooler = await PgBouncer.StartInFrontOfAsync(wire.Api);
        await using var behind = pooler.InFrontOf(App.Api, App.DatabaseUrl);
        await using var client = await behind.OpenAppConnectionAsync();
        await using var transaction = await client.BeginTransactionAsync();
        await client.ExecuteAsync("SELECT 1");
        await wire.CutAsync();
        var lost = Assert.ThrowsAsync<PostgresException>(() => client.ExecuteAsync("SELECT 1"))!;
        Assert.That(lost.SqlState, Is.EqualTo(PostgresErrorCodes.ProtocolViolation));
        Assert.That(lost.IsTransient, Is.False, "so it has to be named to be repeated");
    }

    [Test]
    public async Task A_query_whose_server_the_pooler_lost_is_repeated()
    {
        var fault = new LostServer();
        await using var behind = await App.AnotherApiAsync(Server.PgBouncer, configureServices: services =>
            services.ConfigureDbContext<AppDbContext>(options => options.AddInterceptors(fault)));
        await using var work = TenantWork.Of(behind, own.Id);
        Assert.That(await work.Db.Set<Probe>().CountAsync(), Is.Zero);
        Assert.That(fault.Queries, Is.EqualTo(2));
    }

    /// <summary>The statement of ours with the one word changed that must never be.</summary>
    private async Task SetOnSessionAsync(NpgsqlConnection connection, TenantId tenant)
    {
        var scope = api.Services.GetRequiredService<ITenantScopeSql>().For(tenant);
        var statement = scope.Statement.Replace(", true)", ", false)", StringComparison.Ordinal);
        Assert.That(statement, Is.Not.EqualTo(scope.Statement));
        await using var command = new NpgsqlCommand(statement, connection);
        if (scope.Parameter is { } parameter)
        {
            command.Parameters.Add(parameter);
        }

        await command.ExecuteNonQueryAsync();
    }

    private static Task<List<string>> TextsAsync(AppDbContext db) =>
        db.Database.SqlQuery<string>($"SELECT text FROM app.probes").ToListAsync();

    private sealed class LostServer : DbCommandInterceptor
    {
        public int Queries { get; private set; }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command,
            CommandEventData eventData,
            InterceptionResult<DbDataReader> result,
            CancellationToken cancellationToken = default) => ++Queries == 1
                ? throw new PostgresException("server conn crashed?", "FATAL", "FATAL", PostgresErrorCodes.ProtocolViolation)
                : ValueTask.FromResult(result);
    }
}
