using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>A tenant's keys are read from the database too, so whoever waits for them must not sit on a connection.</summary>
internal sealed class KeysAndConnectionsTests
{
    private const int Connections = 3;

    [Test]
    public async Task More_callers_than_connections_get_the_keys_of_a_tenant_that_was_not_asked_for_yet()
    {
        var (api, url) = await App.NewApiAsync();
        await using var stop = api;
        var (clinic, other) = (await App.NewClinicAsync(api), await App.NewClinicAsync(api));
        foreach (var tenant in new[] { clinic.Id, other.Id })
        {
            await using var work = TenantWork.Of(api, tenant);
            work.Db.Add(new SealedProbe { Code = "a code" });
            await work.Db.SaveChangesAsync();
        }

        await using var cold = new ApiHost(url, App.Issuer, new Dictionary<string, string> { ["DATABASE_POOL_SIZE"] = $"{Connections}" });
        Assert.That(await CodeAsync(cold, other.Id), Is.EqualTo("a code"), "and everything is compiled");

        var codes = await Task.WhenAll(Enumerable.Range(0, 4 * Connections).Select(_ => CodeAsync(cold, clinic.Id)));

        Assert.That(codes, Has.All.EqualTo("a code"));
    }

    private static async Task<string> CodeAsync(ApiHost api, TenantId tenant)
    {
        await using var work = TenantWork.Of(api, tenant);
        return (await work.Db.Set<SealedProbe>().AsNoTracking().SingleAsync()).Code.Reveal();
    }
}
