using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Tests.Harness.Vault;
using HipaaTemplate.Tests.Platform.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Secrets;

/// <summary>
/// hipaa_app's password changes, in the secret service and in PostgreSQL, in one order and in the other. Connections
/// are closed all the time, so that nothing lives off what was opened before.
/// </summary>
[NonParallelizable]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PasswordRotationTests
{
    private const int Rotations = 6;

    /// <summary>Between the two halves of a change.</summary>
    private static readonly TimeSpan HalfWay = TimeSpan.FromMilliseconds(400);

    private static readonly TimeSpan BetweenClears = TimeSpan.FromMilliseconds(25);

    private readonly LogCapture log = new();
    private PostgresCluster cluster = null!;
    private VaultDouble vault = null!;
    private ApiHost api = null!;

    private Dictionary<string, string> Settings => new()
    {
        ["SECRETS_PROVIDER"] = "vault",
        ["VAULT_ADDR"] = vault.Address.AbsoluteUri,
        ["VAULT_ROLE_ID"] = VaultDouble.RoleId,
        ["VAULT_SECRET_ID"] = VaultDouble.SecretId,
        ["VAULT_SECRET_PATH"] = "secret/hipaa-template",
        ["SIGNING_SECRET"] = $"{Guid.CreateVersion7():N}",
    };

    private SecretsRefresh Refresh => api.Services.GetRequiredService<SecretsRefresh>();

    [SetUp]
    public async Task StartAsync()
    {
        // Roles belong to the cluster, so these tests have one of their own.
        cluster = await PostgresCluster.StartAsync();
        Assume.That(cluster.IsOurs, "not on a server that others use");
        vault = await VaultDouble.StartAsync();
        Store("of the first day");
        api = new ApiHost(await cluster.CreateDatabaseAsync("rotation"), App.Issuer, Settings, log.Install);
        Assert.That(await api.RunAsync("migrate", "up"), Is.Zero);
        await ScratchTables.CreateAsync(api);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await vault.DisposeAsync();
        await cluster.DisposeAsync();
    }

    [Test]
    public async Task No_request_fails_while_the_password_changes_again_and_again()
    {
        using var interleaving = await Interleaving.StartAsync(api);
        using var done = new CancellationTokenSource();
        var clearing = ClearAsync(done.Token);
        var rotating = RotateAsync();
        await interleaving.RunAsync(until: rotating);
        await rotating;
        await done.CancelAsync();
        await clearing;

        Assert.Multiple(() =>
        {
            Assert.That(interleaving.Unexpected, Is.Empty, "requests failed");
            Assert.That(interleaving.Crossings, Is.Empty);
            Assert.That(log.Lines, Has.Exactly(Rotations).Contains("accepted the new credentials"));
        });
        await interleaving.ShouldBeIntactAsync();
        await api.ShouldBeGreenAsync();
    }

    [Test]
    public async Task A_password_that_is_nowhere_right_is_503_and_red_until_the_service_has_the_right_one()
    {
        var client = App.As(api, (await App.NewClinicAsync(api)).Admin);
        Assert.That((await client.GetAsync(ProbeFeature.Path)).IsSuccessStatusCode);
        await AlterAsync("right");
        await ClearAsync();

        await (await client.GetAsync(ProbeFeature.Path)).ShouldBeAsync(DatabaseErrors.Unavailable);
        Assert.That((await api.Anonymous().GetAsync(Readiness.Path)).IsSuccessStatusCode, Is.False);

        Store("right");
        Assert.That((await client.GetAsync(ProbeFeature.Path)).IsSuccessStatusCode);
        await Eventually.IsTrueAsync(
            async () => (await api.Anonymous().GetAsync(Readiness.Path)).IsSuccessStatusCode, "It never was ready again.");
    }

    [Test]
    public async Task A_password_that_PostgreSQL_does_not_know_yet_is_not_used()
    {
        var client = App.As(api, (await App.NewClinicAsync(api)).Admin);
        Assert.That((await client.GetAsync(ProbeFeature.Path)).IsSuccessStatusCode);
        Store("of next week");
        await Refresh.RefreshAsync(CancellationToken.None);
        await ClearAsync();

        Assert.That((await client.GetAsync(ProbeFeature.Path)).IsSuccessStatusCode);
        await api.ShouldBeGreenAsync();
        Assert.That(log.Lines, Has.None.Contains("accepted the new credentials"));
    }

    private async Task RotateAsync()
    {
        for (var i = 0; i < Rotations; i++)
        {
            var password = $"p-{Guid.CreateVersion7():N}";
            if (i % 2 == 0)
            {
                await AlterAsync(password);
                await Task.Delay(HalfWay);
                Store(password);
            }
            else
            {
                Store(password);
                await Refresh.RefreshAsync(CancellationToken.None);
                await Task.Delay(HalfWay);
                await AlterAsync(password);
            }

            var accepted = i + 1;
            await Eventually.IsTrueAsync(
                () => Task.FromResult(log.Lines.Count(line => line.Contains("accepted the new", StringComparison.Ordinal)) == accepted),
                "The new password was never used.");
        }
    }

    private void Store(string password) =>
        vault.Secrets.Put("hipaa-template", new JsonObject { ["DATABASE_APP_PASSWORD"] = password });

    private Task AlterAsync(string password) => cluster.ExecuteAsSuperuserAsync($"ALTER ROLE hipaa_app PASSWORD '{password}'");

    private async Task ClearAsync(CancellationToken until)
    {
        while (!until.IsCancellationRequested)
        {
            await ClearAsync();
            await Task.Delay(BetweenClears, CancellationToken.None);
        }
    }

    /// <summary>The next request has to log in.</summary>
    private async Task ClearAsync()
    {
        var settings = api.Services.GetRequiredService<IOptions<DatabaseSettings>>().Value;
        var credentials = await api.Services.GetRequiredService<IDatabaseCredentials>().CurrentAsync(CancellationToken.None);
        foreach (var text in new[] { settings.AppConnectionString(), settings.AppConnectionString(credentials) })
        {
            await using var connection = new NpgsqlConnection(text);
            NpgsqlConnection.ClearPool(connection);
        }
    }
}
