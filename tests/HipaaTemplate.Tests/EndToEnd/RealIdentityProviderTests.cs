using System.Net;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.EndToEnd;

/// <summary>A person signs in at the real identity provider; what the API then says to whom.</summary>
internal sealed class RealIdentityProviderTests
{
    private DevelopmentStack stack = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => stack = await DevelopmentStack.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await stack.DisposeAsync();

    [Test]
    public async Task The_stack_becomes_ready()
    {
        using var client = stack.Api.Client();
        // A check that takes its time on a busy machine is red once, and asked again by whoever waits.
        await Eventually.IsTrueAsync(
            async () => (await client.GetAsync("/api/v1/health/ready")).IsSuccessStatusCode, "It never became ready.");
    }

    [Test]
    public async Task Without_a_tenant_in_the_token_nothing_is_answered()
    {
        using var nora = await stack.AsAsync("nora@nowhere.test");
        foreach (var path in await ProtectedListsAsync())
        {
            await (await nora.GetAsync(path)).ShouldBeAsync(TenantErrors.NoClaim);
        }
    }

    [Test]
    public async Task Without_a_token_nothing_is_answered()
    {
        using var anybody = stack.Api.Client();
        foreach (var path in await ProtectedListsAsync())
        {
            await (await anybody.GetAsync(path)).ShouldBeAsync(AuthenticationErrors.NoToken);
        }
    }

    [Test]
    public async Task A_doctor_of_each_clinic_is_let_in_before_and_after_the_keys_rotate()
    {
        using var before = await stack.AsAsync("dana@northwind.test");
        await stack.Issuer.RotateKeysAsync();
        using var after = await stack.AsAsync("drew@southgate.test");
        List<HttpStatusCode> statuses = [];
        foreach (var path in await ProtectedListsAsync())
        {
            statuses.Add((await after.GetAsync(path)).StatusCode);
            statuses.Add((await before.GetAsync(path)).StatusCode);
        }

        // Some lists are not a doctor's to see; nobody is unknown.
        Assert.That(statuses, Has.All.AnyOf(HttpStatusCode.OK, HttpStatusCode.Forbidden));
        Assert.That(statuses.Count(status => status == HttpStatusCode.OK), Is.AtLeast(2));
    }

    /// <summary>Every list of every feature, from the description that clients read.</summary>
    private async Task<List<string>> ProtectedListsAsync()
    {
        using var client = stack.Api.Client();
        var description = JsonSerializer.Deserialize<JsonElement>(await client.GetStringAsync("/openapi.json"));
        return
        [
            .. from path in description.GetProperty("paths").EnumerateObject()
               where !path.Name.Contains('{') && path.Value.TryGetProperty("get", out var get)
                   && get.TryGetProperty("security", out _)
               select path.Name,
        ];
    }
}
