using System.Net;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>
/// Requests of two tenants go on while others of theirs are given up, time out, throw or lose their
/// connection: neither meanwhile nor afterwards does a row cross, and what goes back to the pools is clean.
/// </summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
// They take the whole machine: beside them others' patience would run out.
[NonParallelizable]
internal sealed class FaultTests(Server server)
{
    private const int PoolSize = 6;
    private const int Faults = 40;
    private const int RequestsUnderKills = 2_000;
    private const int RequestsBetweenKills = 100;
    private readonly FaultFeature feature = new();
    private readonly SemaphoreSlim killing = new(1);
    private ApiHost api = null!;
    private NpgsqlConnection superuser = null!;
    private Interleaving interleaving = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await App.NewApiAsync(
            server,
            new Dictionary<string, string> { ["DATABASE_POOL_SIZE"] = $"{PoolSize}" },
            services =>
            {
                services.AddTestFeature(feature);
                services.WithoutLog();
            });
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
    }

    [SetUp]
    public async Task StoreAsync() => interleaving = await Interleaving.StartAsync(api);

    [TearDown]
    public void HangUp() => interleaving.Dispose();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await superuser.DisposeAsync();
        await api.DisposeAsync();
    }

    [Test]
    public Task Clients_that_hang_up_while_the_database_works_for_them() => UnderLoadAsync(async client =>
    {
        var id = Guid.CreateVersion7();
        using var patience = new CancellationTokenSource();
        var answer = client.GetAsync($"{FaultFeature.Path}/waits/{id}", patience.Token);
        await Task.WhenAny(feature.BegunAsync(id), answer);
        await patience.CancelAsync();
        Assert.That(() => answer, Throws.InstanceOf<OperationCanceledException>());
    });

    [TestCase("times-out", HttpStatusCode.GatewayTimeout)]
    [TestCase("is-timed-out-by-the-server", HttpStatusCode.InternalServerError)]
    [TestCase("throws", HttpStatusCode.InternalServerError)]
    [TestCase("breaks-the-transaction", HttpStatusCode.InternalServerError)]
    public Task Requests_whose_handler(string fault, HttpStatusCode status) => UnderLoadAsync(async client =>
    {
        using var answer = await client.GetAsync($"{FaultFeature.Path}/{fault}/{Guid.CreateVersion7()}");
        Assert.That(answer.StatusCode, Is.EqualTo(status));
    });

    [Test]
    public async Task Connections_that_the_server_ends()
    {
        var killed = 0L;
        await interleaving.RunAsync(RequestsUnderKills, async i =>
        {
            if (i % RequestsBetweenKills == RequestsBetweenKills - 1)
            {
                Interlocked.Add(ref killed, await KillAsync());
            }
        });
        Assert.That(killed, Is.Positive);
        Assert.That(interleaving.Crossings, Is.Empty);
        // Retried; what cannot be, or was ended too often, says that the database is to blame.
        Assert.That(interleaving.Unexpected, Has.All.EqualTo(HttpStatusCode.ServiceUnavailable));
        await ShouldBeCleanAsync();
    }

    private async Task UnderLoadAsync(Func<HttpClient, Task> failAsync)
    {
        var faults = Parallel.ForAsync(
            0,
            Faults,
            new ParallelOptions { MaxDegreeOfParallelism = PoolSize },
            async (i, _) => await failAsync(interleaving.Clients[i % 2]));
        await interleaving.RunAsync(until: faults);
        await faults;
        Assert.That(interleaving.Crossings, Is.Empty);
        Assert.That(interleaving.Unexpected, Is.Empty, "only the request at fault notices");
        await ShouldBeCleanAsync();
    }

    private async Task ShouldBeCleanAsync()
    {
        await Eventually.IsTrueAsync(
            async () => await superuser.ScalarAsync<long>("""
                SELECT count(*) FROM pg_stat_activity
                WHERE usename = 'hipaa_app' AND datname = current_database() AND state <> 'idle'
                """) == 0,
            "A transaction or a query was left behind.");
        await ContextsShouldBeCleanAsync();
        await ConnectionsShouldBeCleanAsync();
        await interleaving.ShouldBeIntactAsync();
        Assert.That(
            await superuser.ScalarAsync<long>($"SELECT count(*) FROM app.probes WHERE text LIKE '{FaultFeature.Text}%'"),
            Is.Zero, "rolled back");
    }

    /// <summary>As many at once as there were requests, so that none is missed.</summary>
    private async Task ContextsShouldBeCleanAsync()
    {
        var factory = api.Services.GetRequiredService<IDbContextFactory<AppDbContext>>();
        var leased = await Task.WhenAll(
            Enumerable.Range(0, Interleaving.Workers * 2).Select(_ => factory.CreateDbContextAsync()));
        var unclean = leased.Count(context => context.HasTenant
            || context.ChangeTracker.Entries().Any()
            || context.Database.CurrentTransaction is not null);
        Array.ForEach(leased, context => context.Dispose());
        Assert.That(unclean, Is.Zero);
    }

    private async Task ConnectionsShouldBeCleanAsync()
    {
        var database = api.Services.GetRequiredService<AppDatabase>();
        var leased = await Task.WhenAll(
            Enumerable.Range(0, PoolSize).Select(_ => database.OpenAsync(CancellationToken.None).AsTask()));
        List<long> rows = [];
        foreach (var connection in leased)
        {
            rows.Add(await connection.ScalarAsync<long>("SELECT count(*) FROM app.probes"));
            await connection.DisposeAsync();
        }

        Assert.That(rows, Has.All.Zero, "a tenant was left on a connection");
    }

    /// <summary>In turn: by the time that it is done the next hundred requests may be as well.</summary>
    private async Task<long> KillAsync()
    {
        await killing.WaitAsync();
        try
        {
            return await superuser.ScalarAsync<long>("""
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE usename = 'hipaa_app' AND datname = current_database()
                """);
        }
        finally
        {
            killing.Release();
        }
    }
}
