using System.Net;

namespace HipaaTemplate.Tests.Harness;

internal static class Refusal
{
    /// <summary>
    /// The first event of a tenant makes its key, which the event is authenticated with. Made here, it is no
    /// change that a test would find later, and nobody waits for it under load.
    /// </summary>
    public static async Task MakeKeyAsync(ApiHost api, TestUser user)
    {
        using var client = App.As(api, user);
        using var refused = await client.GetAsync($"{ProbeFeature.Path}/{Guid.CreateVersion7()}");
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }
}
