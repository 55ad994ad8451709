using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Tests.Platform.Health;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Secrets;

/// <summary>The API connects as users that somebody makes and drops, as Vault does with a lease.</summary>
[NonParallelizable]
internal sealed class DatabaseUsersTests
{
    private const int Changes = 5;

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["SIGNING_SECRET"] = $"{Guid.CreateVersion7():N}",
    };

    private readonly Users users = new();
    private ApiHost api = null!;
    private NpgsqlConnection superuser = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        await users.ChangeAsync();
        (api, var url) = await App.NewApiAsync(
            Settings, services => services.AddSingleton<IDatabaseCredentials>(users));
        superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await superuser.DisposeAsync();
        await api.DisposeAsync();
        await Users.DropAsync(users.Name);
    }

    [Test]
    public async Task No_request_fails_while_the_user_changes_and_the_former_one_can_be_dropped()
    {
        using var interleaving = await Interleaving.StartAsync(api);
        var changing = Task.Run(async () =>
        {
            for (var i = 0; i < Changes; i++)
            {
                var former = await users.ChangeAsync();
                await Eventually.IsTrueAsync(
                    async () => await SessionsOfAsync(former!) == 0 && await SessionsOfAsync(users.Name) > 0,
                    "The former user's connections were never closed.");
                await Users.DropAsync(former!);
            }
        });
        await interleaving.RunAsync(until: changing);
        await changing;

        Assert.Multiple(() =>
        {
            Assert.That(interleaving.Unexpected, Is.Empty, "requests failed");
            Assert.That(interleaving.Crossings, Is.Empty);
        });
        await interleaving.ShouldBeIntactAsync();
        await api.ShouldBeGreenAsync();
    }

    [Test]
    public async Task Isolation_is_proved_as_such_a_user_and_not_as_one_that_holds_more()
    {
        Assert.That(await api.RunAsync("isolation", "prove"), Is.Zero);

        await ExecuteAsync($"GRANT SELECT ON keys.tenant_scope_keys TO {users.Name}");
        var proved = await api.RunAsync("isolation", "prove");
        await ExecuteAsync($"REVOKE SELECT ON keys.tenant_scope_keys FROM {users.Name}");

        Assert.That(proved, Is.EqualTo(1));
    }

    [Test]
    public async Task Without_a_user_requests_wait_for_one_or_are_told_that_the_database_is_away()
    {
        var client = App.As(api, (await App.NewClinicAsync(api)).Admin);
        users.Fail = true;
        using var refused = await client.GetAsync(ProbeFeature.Path);
        users.Fail = false;

        await refused.ShouldBeAsync(DatabaseErrors.Unavailable);
        Assert.That((await client.GetAsync(ProbeFeature.Path)).IsSuccessStatusCode);
    }

    [TestCase(null, "SIGNING_SECRET is missing")]
    [TestCase("0123456789abcdef0123456789abcdef", null)]
    public void A_start_needs_a_secret_that_stays(string? signingSecret, string? problem)
    {
        using var services = new ServiceCollection().AddSingleton<IDatabaseCredentials>(users).BuildServiceProvider();
        var settings = new DatabaseSettings { Url = "postgres://u@db.test/d", SigningSecret = signingSecret };

        var result = new CredentialsValidator(services).Validate(name: null, settings);

        Assert.That(result.FailureMessage, problem is null ? Is.Null : Does.StartWith(problem));
    }

    private Task<long> SessionsOfAsync(string user) =>
        superuser.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}'");

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, superuser);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Users : IDatabaseCredentials
    {
        private volatile DatabaseCredentials? current;

        public string Name => current!.UserName!;

        public bool Fail { get; set; }

        public ValueTask<DatabaseCredentials> CurrentAsync(CancellationToken ct) => Fail
            ? throw new SecretSourceException("lease_expired")
            : ValueTask.FromResult(current!);

        /// <returns>Who it was before.</returns>
        public async Task<string?> ChangeAsync()
        {
            var (name, password) = ($"test_{Guid.CreateVersion7():N}", $"{Guid.CreateVersion7():N}");
            await App.Roles.WaitAsync();
            try
            {
                await App.Postgres.ExecuteAsSuperuserAsync($"CREATE ROLE {name} LOGIN INHERIT PASSWORD '{password}' IN ROLE hipaa_app");
            }
            finally
            {
                App.Roles.Release();
            }

            var former = current?.UserName;
            current = new DatabaseCredentials(name, password);
            return former;
        }

        public static Task DropAsync(string name) => App.Postgres.ExecuteAsSuperuserAsync($"DROP ROLE {name}");
    }
}
