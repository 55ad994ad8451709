using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Tests.Harness.Services;
using HipaaTemplate.Tests.Harness.Vault;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Secrets.Vault;

/// <summary>Database users that Vault really makes in PostgreSQL, and really drops.</summary>
internal sealed class VaultDatabaseCredentialsTests
{
    private VaultRig rig = null!;
    private VaultDatabaseCredentials credentials = null!;

    [SetUp]
    public async Task StartAsync()
    {
        rig = await VaultRig.StartAsync();
        rig.Vault.Database.OwnerConnectionString = Connection(App.DatabaseUrl, null).ConnectionString;
        // Longer than any of these tests lets its token live.
        rig.Vault.Tokens.Lease = TimeSpan.FromDays(30);
        rig.Vault.Tokens.LongestLife = TimeSpan.FromDays(60);
        credentials = NewCredentials();
    }

    [TearDown]
    public async Task StopAsync()
    {
        credentials.Dispose();
        await rig.DisposeAsync();
    }

    [Test]
    public async Task They_log_in_to_PostgreSQL_as_a_member_of_hipaa_app_who_cannot_bypass_anything()
    {
        var current = await CurrentAsync();
        await using var connection = await OpenAsync(current);
        Assert.That(await ScalarAsync(connection, "select current_user::text"), Is.EqualTo(current.UserName));
        Assert.That(await ScalarAsync(connection, "select pg_has_role(current_user, 'hipaa_app', 'usage')"), Is.True);
        Assert.That(
            await ScalarAsync(connection, "select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = current_user"), Is.False);
        Assert.That(current.UserName, Is.Not.EqualTo(DatabaseRoles.App));
    }

    [Test]
    public async Task However_many_connect_there_is_one_user()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => CurrentAsync()));
        Assert.That(all.Distinct(), Has.One.Items);
        Assert.That(rig.Vault.Database.Users, Has.One.Items);
    }

    [Test]
    public async Task The_lease_is_renewed_before_it_ends_and_the_user_stays()
    {
        var first = await CurrentAsync();
        rig.Time.Advance(rig.Vault.Database.Lease * 0.7);
        await CurrentAsync();
        await Eventually.IsTrueAsync(() => Task.FromResult(rig.Vault.CallsOf("/sys/leases/renew") == 1), "The lease was not renewed.");
        rig.Time.Advance(rig.Vault.Database.Lease * 0.5);
        await rig.Vault.Database.SweepAsync();
        Assert.That(await CurrentAsync(), Is.EqualTo(first));
        await using var connection = await OpenAsync(first);
    }

    [Test]
    public async Task Near_the_lease_s_longest_life_another_user_takes_over_and_the_first_is_dropped_at_the_end()
    {
        rig.Vault.Database.LongestLife = rig.Vault.Database.Lease * 1.1;
        var first = await CurrentAsync();
        rig.Time.Advance(rig.Vault.Database.Lease * 0.7);
        await CurrentAsync();
        await Eventually.IsTrueAsync(async () => (await CurrentAsync()).UserName != first.UserName, "Nobody took over.");
        await using (await OpenAsync(first))
        {
            // Connections that are open go on, and others may still be made while the new user spreads.
        }

        rig.Time.Advance(rig.Vault.Database.Lease * 0.45);
        await rig.Vault.Database.SweepAsync();
        Assert.That(async () => await OpenAsync(first), Throws.InstanceOf<PostgresException>());
        await using var connection = await OpenAsync(await CurrentAsync());
    }

    [Test]
    public async Task A_user_who_was_dropped_with_the_session_s_token_is_not_handed_out()
    {
        var first = await CurrentAsync();
        rig.Vault.Tokens.RevokeAll();
        await rig.Vault.Database.SweepAsync();
        Assert.That(async () => await OpenAsync(first), Throws.InstanceOf<PostgresException>());
        rig.Time.Advance(rig.Vault.Database.Lease * 0.95);
        await using var connection = await OpenAsync(await CurrentAsync());
    }

    [Test]
    public async Task When_another_token_takes_over_another_user_does_before_the_first_is_dropped()
    {
        rig.Vault.Tokens.Lease = TimeSpan.FromMinutes(20);
        rig.Vault.Tokens.LongestLife = TimeSpan.FromMinutes(50);
        using var own = NewCredentials();
        var first = await own.CurrentAsync(CancellationToken.None);
        for (var minute = 0; minute < 120; minute++)
        {
            rig.Time.Advance(TimeSpan.FromMinutes(1));
            var current = await own.CurrentAsync(CancellationToken.None);
            await rig.Vault.Database.SweepAsync();
            Assert.That(rig.Vault.Database.Users, Does.Contain(current.UserName), $"Minute {minute}: dropped while it was handed out.");
        }

        Assert.That((await own.CurrentAsync(CancellationToken.None)).UserName, Is.Not.EqualTo(first.UserName));
        Assert.That(rig.Logins, Is.GreaterThan(1));
    }

    [Test]
    public async Task While_Vault_is_away_those_at_hand_are_used_up_and_then_there_are_none()
    {
        var first = await CurrentAsync();
        rig.Vault.Condition = VaultCondition.Sealed;
        rig.Time.Advance(rig.Vault.Database.Lease * 0.8);
        Assert.That(await CurrentAsync(), Is.EqualTo(first));
        rig.Time.Advance(rig.Vault.Database.Lease * 0.15);
        Assert.That(CurrentAsync, Throws.InstanceOf<SecretSourceException>().With.Message.EqualTo("status_503"));
        rig.Vault.Condition = VaultCondition.Active;
        await using var connection = await OpenAsync(await CurrentAsync());
    }

    [Test]
    public void A_role_that_Vault_does_not_know_is_refused_without_its_name()
    {
        using var unknown = NewCredentials(role: "nobody");
        Assert.That(
            async () => await unknown.CurrentAsync(CancellationToken.None),
            Throws.InstanceOf<SecretSourceException>().With.Message.EqualTo("bad_request"));
    }

    [Test]
    public async Task The_password_stands_in_no_log_line()
    {
        var current = await CurrentAsync();
        rig.Vault.Condition = VaultCondition.Sealed;
        rig.Time.Advance(rig.Vault.Database.Lease);
        Assert.That(CurrentAsync, Throws.InstanceOf<SecretSourceException>());
        Assert.That(rig.Log.Lines, Has.Some.Contains("Vault leased no database user"));
        Assert.That(rig.Log.Lines.Any(line => line.Contains(current.Password, StringComparison.Ordinal)), Is.False);
    }

    private VaultDatabaseCredentials NewCredentials(string role = "hipaa-template") => new(
        rig.NewClient(),
        StageSettings.Of<VaultSettings>(rig.Settings(), new Dictionary<string, string> { ["VAULT_DATABASE_ROLE"] = role }),
        rig.Time,
        rig.Logger<VaultDatabaseCredentials>());

    private Task<DatabaseCredentials> CurrentAsync() => credentials.CurrentAsync(CancellationToken.None).AsTask();

    private static async Task<NpgsqlConnection> OpenAsync(DatabaseCredentials current)
    {
        var connection = new NpgsqlConnection(Connection(App.DatabaseUrl, current).ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static NpgsqlConnectionStringBuilder Connection(string url, DatabaseCredentials? current)
    {
        var connection = DatabaseUrl.Parse(url);
        connection.Pooling = false;
        if (current is not null)
        {
            (connection.Username, connection.Password) = (current.UserName, current.Password);
        }

        return connection;
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
