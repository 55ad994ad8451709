using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Platform.Health;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>The signature on the tenant: made by the API, checked by PostgreSQL, forged by nobody.</summary>
[Hipaa(Citations.AccessControl)]
internal sealed class SignedTenantScopeTests
{
    private ApiHost api = null!;
    private NpgsqlConnection app = null!;
    private NpgsqlConnection owner = null!;
    private NpgsqlTransaction transaction = null!;
    private DerivedKeys keys = null!;
    private TenantId tenant;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, _) = await App.NewApiAsync();
        keys = api.Services.GetRequiredService<DerivedKeys>();
        app = await api.OpenAppConnectionAsync();
        owner = await api.OpenOwnerConnectionAsync();
    }

    [SetUp]
    public async Task BeginAsync()
    {
        tenant = TenantId.From(Guid.CreateVersion7());
        transaction = await app.BeginTransactionAsync();
    }

    [TearDown]
    public async Task RollBackAsync() => await transaction.DisposeAsync();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await app.DisposeAsync();
        await owner.DisposeAsync();
        await api.DisposeAsync();
    }

    [Test]
    public async Task PostgreSQL_accepts_what_the_api_signs()
    {
        await api.EnterAsync(app, tenant);
        Assert.That(await CurrentTenantAsync(), Is.EqualTo(tenant.Value));
    }

    [Test]
    public async Task Without_a_tenant_there_is_none()
    {
        Assert.That(await CurrentTenantAsync(), Is.Null);
        await api.EnterAsync(app, null);
        Assert.That(await CurrentTenantAsync(), Is.Null);
    }

    [Test]
    public async Task A_signature_is_hmac_sha256_of_the_tenant_and_the_end()
    {
        var parts = TokenOf(tenant).Split('.');
        Assert.That(parts[0], Is.EqualTo($"{tenant}"));
        var expected = HMACSHA256.HashData(keys.For("tenant scope"), Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}."));
        Assert.That(parts[2], Is.EqualTo(Convert.ToHexStringLower(expected)));
        Assert.That(await TenantOfAsync(string.Join('.', parts)), Is.EqualTo(tenant.Value));
    }

    /// <summary>Every character of it counts.</summary>
    [Test]
    public async Task A_token_with_one_character_changed_opens_nothing()
    {
        var token = TokenOf(tenant);
        for (var i = 0; i < token.Length; i++)
        {
            var changed = token[..i] + (token[i] == '1' ? '2' : '1') + token[(i + 1)..];
            Assert.That(await TenantOfAsync(changed), Is.Null, $"character {i}");
        }
    }

    [Test]
    public async Task Anything_that_is_no_token_opens_nothing_and_is_no_error()
    {
        var token = TokenOf(tenant);
        string[] values =
        [
            $"{tenant}", token[..^1], token + "0", $" {token}", token.ToUpperInvariant(), new string('ä', token.Length),
            $"{tenant}.9999999999.{new string('0', 64)}", $"{TenantId.From(Guid.CreateVersion7())}{token[36..]}", "'", @"\x00",
        ];
        foreach (var value in values)
        {
            Assert.That(await TenantOfAsync(value), Is.Null, value);
        }
    }

    [Test]
    public async Task A_token_opens_nothing_after_its_end()
    {
        var time = new ManualTime();
        var scope = new SignedTenantScope(keys, time);
        time.Advance(-SignedTenantScope.Lifetime + TimeSpan.FromMinutes(1));
        Assert.That(await TenantOfAsync(ValueOf(scope)), Is.EqualTo(tenant.Value), "a minute before its end");
        time.Advance(-TimeSpan.FromMinutes(1) - TimeSpan.FromSeconds(2));
        Assert.That(await TenantOfAsync(ValueOf(scope)), Is.Null, "a moment after it");
    }

    [TestCase("SELECT * FROM keys.tenant_scope_keys")]
    [TestCase("SELECT keys.enter_tenant('0199a000-0000-7000-8000-000000000001')")]
    [TestCase("DROP FUNCTION app.current_tenant_id() CASCADE")]
    [TestCase("ALTER FUNCTION app.current_tenant_id() SECURITY INVOKER")]
    public void The_apis_role_may_not(string sql)
    {
        var refusal = Assert.ThrowsAsync<PostgresException>(() => app.ExecuteAsync(sql));
        Assert.That(refusal!.SqlState, Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege));
    }

    /// <summary>A migration that has to change rows enters one tenant after the other.</summary>
    [Test]
    public async Task The_owner_may_enter_a_tenant()
    {
        await using var migration = await owner.BeginTransactionAsync();
        await owner.ExecuteAsync($"SELECT keys.enter_tenant('{tenant}')");
        Assert.That(await owner.ScalarAsync<Guid>("SELECT app.current_tenant_id()"), Is.EqualTo(tenant.Value));
    }

    [Test]
    public async Task A_key_that_was_replaced_is_good_for_an_hour_and_not_longer()
    {
        var (rotating, _) = await App.NewApiAsync();
        await using var stop = rotating;
        await using var ours = await rotating.OpenOwnerConnectionAsync();
        var former = TokenOf(tenant);
        var current = RandomNumberGenerator.GetBytes(32);
        await TenantScopeKeys.StoreAsync(ours, current, CancellationToken.None);
        await TenantScopeKeys.StoreAsync(ours, current, CancellationToken.None);
        Assert.That(await ours.ScalarAsync<long>("SELECT count(*) FROM keys.tenant_scope_keys WHERE valid_until = 'infinity'"), Is.EqualTo(1));
        Assert.That(await TenantOfAsync(ours, former), Is.EqualTo(tenant.Value), "instances with the former key go on");

        await ours.ExecuteAsync("UPDATE keys.tenant_scope_keys SET valid_until = now() - interval '1 second' WHERE valid_until < 'infinity'");
        Assert.That(await TenantOfAsync(ours, former), Is.Null);
        await TenantScopeKeys.StoreAsync(ours, current, CancellationToken.None);
        Assert.That(await ours.ScalarAsync<long>("SELECT count(*) FROM keys.tenant_scope_keys"), Is.EqualTo(1), "and it is removed");
    }

    [Test]
    public async Task An_api_whose_key_is_not_the_servers_is_not_ready_and_sees_nothing()
    {
        var (stranger, _) = await App.NewApiAsync();
        await using var stop = stranger;
        await using (var ours = await stranger.OpenOwnerConnectionAsync())
        {
            await ours.ExecuteAsync("DELETE FROM keys.tenant_scope_keys");
            await TenantScopeKeys.StoreAsync(ours, RandomNumberGenerator.GetBytes(32), CancellationToken.None);
        }

        await stranger.ShouldBeRedAsync("isolation");
        var findings = await stranger.Services.GetRequiredService<IsolationProof>()
            .RunAsync(stranger.IsolationPromise(), CancellationToken.None);
        Assert.That(findings.Holds, Is.False);
        Assert.That(findings.Violations.Select(violation => violation.Rule), Has.One.StartsWith("the API's tenant is not accepted"));
    }

    /// <summary>Two keys for two purposes, and another secret makes others.</summary>
    [Test]
    public void Keys_differ_by_purpose() =>
        Assert.That(keys.For("tenant scope"), Has.Length.EqualTo(32).And.Not.EqualTo(keys.For("another")));

    private string TokenOf(TenantId of) =>
        (string)api.Services.GetRequiredService<ITenantScopeSql>().For(of).Parameter!.Value!;

    private string ValueOf(SignedTenantScope scope) => (string)scope.For(tenant).Parameter!.Value!;

    private Task<Guid?> TenantOfAsync(string token) => TenantOfAsync(app, token);

    private static async Task<Guid?> TenantOfAsync(NpgsqlConnection connection, string token)
    {
        await using var command = new NpgsqlCommand(
            "SELECT set_config('app.tenant_token', @token, true); SELECT app.current_tenant_id()", connection);
        command.Parameters.AddWithValue("token", token);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.NextResultAsync();
        await reader.ReadAsync();
        return reader.IsDBNull(0) ? null : reader.GetGuid(0);
    }

    private async Task<Guid?> CurrentTenantAsync()
    {
        await using var command = new NpgsqlCommand("SELECT app.current_tenant_id()", app);
        return await command.ExecuteScalarAsync() as Guid?;
    }
}
