using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>The probe of each table sees rows where there are rows to see.</summary>
internal sealed class IsolationProofTests
{
    [Test]
    public async Task As_shipped_every_table_holds_and_two_tenants_see_their_own_rows()
    {
        var (api, _) = await App.NewApiAsync();
        await using var stop = api;
        var proof = await ProveProbesAsync(api);
        Assert.That(proof, Is.EqualTo(new TableProof("app.probes", false, false, false, false, false, OwnRowsOf: 2)));
        Assert.That(proof.Holds, Is.True);
    }

    [Test]
    public async Task Without_policies_everybody_sees_everything_and_it_says_so()
    {
        var (api, _) = await Walls.NewApiAsync(withFilter: true, withPolicies: false);
        await using var stop = api;
        var proof = await ProveProbesAsync(api);
        Assert.That(proof, Is.EqualTo(new TableProof("app.probes", true, true, true, true, true, OwnRowsOf: 2)));
        Assert.That(proof.Holds, Is.False);
    }

    /// <summary>A policy that trusts a bare id looks right to every other column.</summary>
    [Test]
    public async Task A_tenant_that_can_be_forged_is_seen()
    {
        var (api, _) = await App.NewApiAsync();
        await using var stop = api;
        await using var owner = await api.OpenOwnerConnectionAsync();
        await owner.ExecuteAsync("""
            CREATE OR REPLACE FUNCTION app.current_tenant_id() RETURNS uuid LANGUAGE sql STABLE
            AS $$ SELECT nullif(left(current_setting('app.tenant_token', true), 36), '')::uuid $$
            """);
        var proof = await ProveProbesAsync(api);
        Assert.That(proof, Is.EqualTo(new TableProof("app.probes", false, false, false, ShowsForger: true, false, OwnRowsOf: 2)));
        Assert.That(proof.Holds, Is.False);
    }

    private static async Task<TableProof> ProveProbesAsync(ApiHost api)
    {
        for (var i = 0; i < 2; i++)
        {
            await using var work = TenantWork.Of(api, (await App.NewClinicAsync(api)).Id);
            work.Db.Add(new Probe { Id = Guid.CreateVersion7(), Text = "own" });
            await work.Db.SaveChangesAsync();
        }

        var findings = await api.Services.GetRequiredService<IsolationProof>()
            .RunAsync(api.IsolationPromise(), CancellationToken.None);
        var table = findings.Tables.Single(table => table.Table == "app.probes");
        Assert.That(findings.Holds, Is.EqualTo(table.Holds));
        return table;
    }
}
