using System.Collections.Concurrent;
using System.Data.Common;
using System.Net;
using System.Net.Http.Json;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>The server drops connections; callers do not notice, and no change is made twice.</summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
internal sealed class ConnectionLossTests(Server server)
{
    private ApiHost api = null!;
    private NpgsqlConnection superuser = null!;
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await App.NewApiAsync(server);
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        clinic = await App.NewClinicAsync(api);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await superuser.DisposeAsync();
        await api.DisposeAsync();
    }

    [Test]
    public async Task Connections_killed_between_requests_are_replaced()
    {
        using var client = api.WithToken(App.Issuer.NewToken(clinic.Admin).Sign());
        var texts = Enumerable.Range(0, 10).Select(i => $"between {i}").ToList();
        foreach (var text in texts)
        {
            // Several idle connections, all dead: a retry must not pick the next dead one for ever.
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.GetStringAsync(ProbeFeature.Path)));
            await KillAsync();
            using var created = await client.PostAsJsonAsync(ProbeFeature.Path, new { text });
            await created.ShouldBeJsonAsync(HttpStatusCode.Created);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.GetStringAsync(ProbeFeature.Path)));
            await KillAsync();
            using var read = await client.GetAsync(created.Headers.Location);
            await read.ShouldBeJsonAsync();
        }

        Assert.That(await StoredAsync("between %"), Is.EquivalentTo(texts));
    }

    [Test]
    public async Task Connections_killed_during_requests_lose_nothing_and_double_nothing()
    {
        using var client = api.WithToken(App.Issuer.NewToken(clinic.Admin).Sign());
        ConcurrentBag<string> created = [];
        ConcurrentBag<string> unknown = [];
        var killing = KillRepeatedlyAsync();
        var number = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            while (!killing.IsCompleted)
            {
                var text = $"during {Interlocked.Increment(ref number)}";
                using var answer = await client.PostAsJsonAsync(ProbeFeature.Path, new { text });
                if (answer.StatusCode == HttpStatusCode.Created)
                {
                    created.Add(text);
                    continue;
                }

                // Only a kill between COMMIT and its answer may reach the caller, and it says so.
                await answer.ShouldBeAsync(DatabaseErrors.OutcomeUnknown);
                unknown.Add(text);
            }
        }));
        Assert.That(await killing, Is.Positive, "connections were killed");
        var stored = await StoredAsync("during %");
        Assert.That(stored, Is.Unique);
        Assert.That(stored, Is.SupersetOf(created));
        Assert.That(stored.Except(created), Is.SubsetOf(unknown));
    }

    [TestCase(true, null, 1, TestName = "A fault after COMMIT was carried out is reported as unknown and not repeated")]
    [TestCase(false, null, 0, TestName = "A fault before COMMIT was carried out is reported as unknown and not repeated")]
    [TestCase(true, PostgresErrorCodes.ProtocolViolation, 1,
        TestName = "A pooler that loses the server at COMMIT is reported as unknown and not repeated")]
    public async Task A_fault_at_commit(bool isCarriedOut, string? state, int rows)
    {
        var fault = new CommitFault(isCarriedOut, state);
        await using var faulty = await App.AnotherApiAsync(
            server, configureServices: services =>
                services.ConfigureDbContext<AppDbContext>(options => options.AddInterceptors(fault)));
        var user = (await App.NewClinicAsync()).Admin;
        using var client = faulty.WithToken(App.Issuer.NewToken(user).Sign());
        var text = $"commit {Guid.CreateVersion7()}";
        using var answer = await client.PostAsJsonAsync(ProbeFeature.Path, new { text });
        await answer.ShouldBeAsync(DatabaseErrors.OutcomeUnknown);
        Assert.That(fault.Commits, Is.EqualTo(1), "not repeated");
        await using var everything = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        Assert.That(
            await everything.ScalarAsync<long>($"SELECT count(*) FROM app.probes WHERE text = '{text}'"),
            Is.EqualTo(rows));

        // The same context comes back from the pool and must have forgotten it.
        fault.IsOver = true;
        using var next = await client.PostAsJsonAsync(ProbeFeature.Path, new { text = $"{text} again" });
        await next.ShouldBeJsonAsync(HttpStatusCode.Created);
    }

    [Test]
    public async Task A_commit_that_the_server_refuses_has_changed_nothing_and_is_repeated()
    {
        var fault = new RefusedCommit();
        await using var faulty = await App.AnotherApiAsync(
            server, configureServices: services =>
                services.ConfigureDbContext<AppDbContext>(options => options.AddInterceptors(fault)));
        using var client = faulty.WithToken(App.Issuer.NewToken((await App.NewClinicAsync()).Admin).Sign());
        using var answer = await client.PostAsJsonAsync(
            ProbeFeature.Path, new { text = $"refused {Guid.CreateVersion7()}" });
        await answer.ShouldBeJsonAsync(HttpStatusCode.Created);
        Assert.That(fault.Commits, Is.EqualTo(2));
    }

    private Task<long> KillAsync() => superuser.ScalarAsync<long>("""
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE usename = 'hipaa_app' AND datname = current_database()
        """);

    /// <summary>With a pause that is longer than a retry takes, or the API would be right to give up.</summary>
    private async Task<long> KillRepeatedlyAsync()
    {
        var killed = 0L;
        for (var i = 0; i < 8; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(700));
            killed += await KillAsync();
        }

        return killed;
    }

    private Task<List<string>> StoredAsync(string pattern) =>
        superuser.ColumnAsync<string>($"SELECT text FROM app.probes WHERE text LIKE '{pattern}'");

    /// <summary>Serialization failure at the first COMMIT, as a deferred check of the server reports it.</summary>
    private sealed class RefusedCommit : DbTransactionInterceptor
    {
        private int commits;

        public int Commits => commits;

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction,
            TransactionEventData eventData,
            InterceptionResult result,
            CancellationToken cancellationToken = default)
        {
            if (Interlocked.Increment(ref commits) > 1)
            {
                return result;
            }

            await transaction.RollbackAsync(cancellationToken);
            throw new PostgresException(
                "could not serialize access", "ERROR", "ERROR", PostgresErrorCodes.SerializationFailure);
        }
    }

    /// <summary>Breaks the connection at COMMIT, before or after the server has carried it out.</summary>
    private sealed class CommitFault(bool isCarriedOut, string? state) : DbTransactionInterceptor
    {
        private int commits;

        public int Commits => commits;

        public bool IsOver { get; set; }

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction,
            TransactionEventData eventData,
            InterceptionResult result,
            CancellationToken cancellationToken = default)
        {
            if (IsOver)
            {
                return result;
            }

            Interlocked.Increment(ref commits);
            await (isCarriedOut
                ? transaction.CommitAsync(cancellationToken)
                : transaction.RollbackAsync(cancellationToken));
            throw state is null
                ? new NpgsqlException("the connection broke", new IOException("reset by peer"))
                : new PostgresException("server conn crashed?", "FATAL", "FATAL", state);
        }
    }
}
