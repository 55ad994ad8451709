using HipaaTemplate.Platform.Database;
using HipaaTemplate.Tests.Conventions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>
/// The walls one at a time. With either of them gone no row crosses, and a convention says that it
/// is gone; with both gone rows cross, so the probes can see a leak.
/// </summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
[Hipaa(Citations.AccessControl)]
internal sealed class WallsTests(Server server)
{
    [Test]
    public async Task As_shipped_nothing_crosses()
    {
        var api = await App.ApiAsync(server);
        Assert.That(await CrossTenantProbes.CrossingsAsync(api, ProbeAccess.Rows), Is.Empty);
        Assert.That(await ModelViolationsAsync(api), Is.Empty);
        Assert.That(await CatalogueViolationsAsync(api), Is.Empty);
    }

    [Test]
    public async Task Without_the_query_filter_row_level_security_holds_and_the_model_convention_is_red()
    {
        var (api, _) = await Walls.NewApiAsync(withFilter: false, withPolicies: true, server);
        await using var stop = api;
        Assert.That(await CrossTenantProbes.CrossingsAsync(api, ProbeAccess.Rows), Is.Empty);
        Assert.That(await ModelViolationsAsync(api), Does.Contain($"{nameof(Probe)} has no tenant filter"));
        Assert.That(await CatalogueViolationsAsync(api), Is.Empty);
    }

    [Test]
    public async Task Without_policies_the_query_filter_holds_and_the_catalogue_audit_is_red()
    {
        var (api, _) = await Walls.NewApiAsync(withFilter: true, withPolicies: false, server);
        await using var stop = api;
        Assert.That(await CrossTenantProbes.CrossingsAsync(api, ProbeAccess.Rows), Is.Empty);
        Assert.That(await ModelViolationsAsync(api), Is.Empty);
        Assert.That(await CatalogueViolationsAsync(api), Is.SupersetOf(new[]
        {
            new IsolationViolation("row-level security is not enabled", "app.probes"),
            new IsolationViolation("row-level security is not forced", "app.probes"),
            new IsolationViolation("no tenant policy with USING and WITH CHECK", "app.probes"),
        }));
    }

    [Test]
    public async Task Without_both_the_probes_find_leaks_by_every_method()
    {
        var (api, _) = await Walls.NewApiAsync(withFilter: false, withPolicies: false, server);
        await using var stop = api;
        var crossings = await CrossTenantProbes.CrossingsAsync(api, ProbeAccess.Rows);
        foreach (var method in new[] { "LIST", "GET", "PUT", "DELETE", "CHANGED" })
        {
            Assert.That(crossings, Has.Some.StartsWith(method), "else the probes prove nothing");
        }
    }

    /// <summary>Readiness refuses to serve without the wall that the whole promise rests on.</summary>
    [Test]
    public async Task Without_policies_the_api_is_not_ready()
    {
        var (api, _) = await Walls.NewApiAsync(withFilter: true, withPolicies: false, server);
        await using var stop = api;
        using var client = api.Anonymous();
        await (await client.GetAsync("/api/v1/health/ready")).ShouldBeProblemAsync(503, "HEALTH_001");
    }

    private static async Task<IReadOnlyList<string>> ModelViolationsAsync(ApiHost api)
    {
        await using var work = TenantWork.Of(api, null);
        return [.. ModelRules.Violations(work.Db.GetService<IDesignTimeModel>().Model)];
    }

    private static async Task<IReadOnlyList<IsolationViolation>> CatalogueViolationsAsync(ApiHost api)
    {
        await using var connection = await api.OpenAppConnectionAsync();
        return await CatalogueTests.AuditAsync(api, connection);
    }
}
