using System.Net.Http.Json;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>What one tenant stores, another can neither read nor find out about.</summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
[Hipaa(Citations.AccessControl)]
internal sealed class CrossTenantTests(Server server)
{
    [Test]
    public async Task A_row_of_another_tenant_answers_like_one_that_never_existed()
    {
        var api = await App.ApiAsync(server);
        var (northwind, southgate) = (await App.NewClinicAsync(), await App.NewClinicAsync());
        var created = await App.As(api, northwind.Doctor).PostAsJsonAsync(ProbeFeature.Path, new { text = "canary" });
        var path = created.Headers.Location!.ToString();

        var own = await App.As(api, northwind.Doctor).GetAsync(path);
        var foreign = await App.As(api, southgate.Doctor).GetAsync(path);
        var absent = await App.As(api, southgate.Doctor).GetAsync($"{ProbeFeature.Path}/{Guid.CreateVersion7()}");

        Assert.That((await own.ShouldBeJsonAsync()).GetProperty("text").GetString(), Is.EqualTo("canary"));
        await foreign.ShouldBeAsync(ProbeFeature.NotFound);
        await foreign.ShouldBeIndistinguishableFromAsync(absent);
    }
}
