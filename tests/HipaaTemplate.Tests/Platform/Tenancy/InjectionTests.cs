using System.Net;
using System.Net.Http.Json;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>
/// SQL injection, granted: an endpoint hands its input to PostgreSQL as SQL. Row-level security still
/// keeps the other tenant's rows, because the tenant is signed. With the bare form the same request
/// reads them, which shows that these requests can.
/// </summary>
[Hipaa(Citations.AccessControl)]
internal sealed class InjectionTests
{
    /// <summary>A statement inside the query, which runs first and enters the other tenant by its bare id.</summary>
    private const string EnterByBareId =
        "' UNION ALL SELECT p.text FROM (WITH s AS MATERIALIZED (SELECT set_config('app.tenant_id', '{other}', true)) SELECT * FROM s) s(x), LATERAL (SELECT text FROM app.probes WHERE s.x IS NOT NULL OFFSET 0) p --";

    /// <summary>{other} is the other tenant's id, {row} the id of its row.</summary>
    private static readonly string[] Attacks =
    [
        "' OR true --",
        "' OR tenant_id = '{other}' --",
        "' UNION ALL SELECT text FROM app.probes --",
        "' UNION ALL SELECT text FROM app.probes WHERE id = '{row}' --",
        EnterByBareId,
        EnterByBareId.Replace("app.tenant_id", "app.tenant_token", StringComparison.Ordinal),
        Stacked("SELECT set_config('app.tenant_id', '{other}', true)"),
        Stacked("SELECT set_config('app.tenant_id', '{other}', false)"),
        Stacked("SELECT set_config('app.tenant_token', '{other}', true)"),
        Stacked("SELECT set_config('app.tenant_token', '{other}.9999999999.' || repeat('0', 64), true)"),
        Stacked("SELECT set_config('app.tenant_token', '{other}' || substr(current_setting('app.tenant_token'), 37), true)"),
        Stacked("SELECT set_config('app.tenant_token', '{other}' || substr(current_setting('app.tenant_token'), 37), false)"),
        Stacked("SELECT set_config('app.tenant_token', '', true)"),
        Stacked("SELECT keys.enter_tenant('{other}')"),
        Stacked("SET LOCAL row_security = off"),
        Stacked("SET ROLE hipaa_owner"),
        Stacked("SET SESSION AUTHORIZATION hipaa_owner"),
        Stacked("RESET ROLE"),
        Stacked("SET search_path = public, app, pg_catalog"),
        Stacked("CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea'"),
        Stacked("CREATE OR REPLACE FUNCTION app.current_tenant_id() RETURNS uuid LANGUAGE sql AS 'SELECT ''{other}''::uuid'"),
        Stacked("ALTER TABLE app.probes DISABLE ROW LEVEL SECURITY"),
        Stacked("DROP POLICY tenant_isolation ON app.probes"),
        Stacked("UPDATE keys.tenant_scope_keys SET outer_key = inner_key"),
        Stacked("UPDATE app.probes SET text = 'overwritten' WHERE id = '{row}'"),
        Stacked("DELETE FROM app.probes WHERE id = '{row}'"),
        Stacked("UPDATE app.probes SET tenant_id = '{other}'"),
        Stacked("COPY app.probes TO PROGRAM 'cat'"),
        "' UNION ALL SELECT encode(inner_key, 'hex') FROM keys.tenant_scope_keys --",
        "' UNION ALL SELECT query FROM pg_stat_activity --",
        "' UNION ALL SELECT array_to_string(most_common_vals::text::text[], ' ') FROM pg_stats WHERE tablename = 'probes' --",
        "' UNION ALL SELECT query_to_xml('SELECT * FROM app.probes', true, false, '')::text --",
        "' UNION ALL SELECT rolpassword FROM pg_authid --",
        "' UNION ALL SELECT pg_read_file('postgresql.conf') --",
    ];

    private ApiHost signed = null!;
    private ApiHost bare = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (signed, _) = await App.NewApiAsync(configureServices: InjectableFeature.AddTo);
        (bare, _) = await App.NewApiAsync(
            new Dictionary<string, string> { ["DATABASE_TENANT_SCOPE"] = "bare" }, InjectableFeature.AddTo);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await signed.DisposeAsync();
        await bare.DisposeAsync();
    }

    [Test]
    public async Task The_endpoint_does_run_what_it_is_given()
    {
        var (attacker, victim) = await StoreAsync(signed);
        Assert.That(await TextAsync(signed, attacker, "' OR true --"), Is.EqualTo(attacker.Canary), "else the attacks prove nothing");
        Assert.That(await TextAsync(signed, attacker, "' UNION ALL SELECT current_user::text --"), Is.EqualTo(DatabaseRoles.App));
        await StaysAsync(signed, victim);
    }

    [Test]
    public async Task On_a_bare_id_one_injected_statement_reads_another_tenant()
    {
        var (attacker, victim) = await StoreAsync(bare);
        Assert.That(await TextAsync(bare, attacker, Filled(EnterByBareId, victim)), Does.Contain(victim.Canary));
    }

    [TestCaseSource(nameof(Attacks))]
    public async Task With_a_signed_tenant_injected_sql_has_no_row_of_another(string attack)
    {
        var (attacker, victim) = await StoreAsync(signed);
        using var client = signed.WithToken(App.Issuer.NewToken(attacker.Clinic.Admin).Sign());
        // Several times, so that the connections of the pool have all been through it.
        for (var i = 0; i < 3; i++)
        {
            using var answer = await client.GetAsync($"{InjectableFeature.Path}?text={Uri.EscapeDataString(Filled(attack, victim))}");
            var body = await answer.Content.ReadAsStringAsync();
            Assert.That(body, Does.Not.Contain(victim.Canary).And.Not.Contains($"{victim.Clinic.Id}."), "no row and no token of theirs");
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK).Or.EqualTo(HttpStatusCode.InternalServerError));
        }

        await StaysAsync(signed, victim);
        await StaysAsync(signed, attacker);
    }

    private static string Stacked(string statement) => $"'; {statement}; SELECT text FROM app.probes --";

    private static string Filled(string attack, Party victim) => attack
        .Replace("{other}", $"{victim.Clinic.Id}", StringComparison.Ordinal)
        .Replace("{row}", $"{victim.Row}", StringComparison.Ordinal);

    private static async Task<(Party Attacker, Party Victim)> StoreAsync(ApiHost api) =>
        (await StoreOneAsync(api), await StoreOneAsync(api));

    private static async Task<Party> StoreOneAsync(ApiHost api)
    {
        var clinic = await App.NewClinicAsync(api);
        using var client = api.WithToken(App.Issuer.NewToken(clinic.Admin).Sign());
        var canary = $"canary-{Guid.CreateVersion7():N}";
        using var created = await client.PostAsJsonAsync(ProbeFeature.Path, new { text = canary });
        return new Party(clinic, canary, (await created.ShouldBeJsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid());
    }

    private static async Task<string> TextAsync(ApiHost api, Party who, string text)
    {
        using var client = api.WithToken(App.Issuer.NewToken(who.Clinic.Admin).Sign());
        return await client.GetStringAsync($"{InjectableFeature.Path}?text={Uri.EscapeDataString(text)}");
    }

    /// <summary>The ordinary request of whoever comes next sees what it always saw.</summary>
    private static async Task StaysAsync(ApiHost api, Party who)
    {
        using var client = api.WithToken(App.Issuer.NewToken(who.Clinic.Admin).Sign());
        using var list = await client.GetAsync(ProbeFeature.Path);
        var items = await list.ShouldBeJsonAsync();
        Assert.That(items.EnumerateArray().Select(item => item.GetProperty("text").GetString()), Is.EqualTo(new[] { who.Canary }));
    }

    private sealed record Party(Clinic Clinic, string Canary, Guid Row);
}
