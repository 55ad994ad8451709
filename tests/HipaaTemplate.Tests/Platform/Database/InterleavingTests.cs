using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>Two tenants at once on the same pools of contexts and connections.</summary>
internal sealed class InterleavingTests
{
    private const int Requests = 2_000;
    private const int Workers = 32;

    [Test]
    public async Task Of_two_thousand_interleaved_requests_none_sees_the_other_tenant()
    {
        // Few connections, so that each is handed from one tenant to the other all the time.
        await using var api = new ApiHost(
            App.DatabaseUrl, App.Issuer, new Dictionary<string, string> { ["DATABASE_POOL_SIZE"] = "4" });
        var tenants = await Task.WhenAll(StoreAsync(api), StoreAsync(api));
        ConcurrentBag<string> wrong = [];
        await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = Workers }, async (i, ct) =>
        {
            var (own, other) = (tenants[i % 2], tenants[(i + 1) % 2]);
            using var answer = await own.SendAsync(i, other, ct);
            var body = await answer.Content.ReadAsStringAsync(ct);
            if (answer.StatusCode != Tenant.Expected(i) || body.Contains(other.Canary, StringComparison.Ordinal))
            {
                wrong.Add($"{i}: {(int)answer.StatusCode} {body}");
            }
        });
        Assert.That(wrong, Is.Empty);
        foreach (var tenant in tenants)
        {
            Assert.That(await tenant.Client.GetStringAsync(ProbeFeature.Path), Does.Contain(tenant.Canary));
            tenant.Client.Dispose();
        }
    }

    private static async Task<Tenant> StoreAsync(ApiHost api)
    {
        var clinic = await App.NewClinicAsync();
        var client = api.WithToken(App.Issuer.NewToken(clinic.Admin).Sign());
        var canary = $"canary-{Guid.CreateVersion7():N}";
        using var created = await client.PostAsJsonAsync(ProbeFeature.Path, new { text = canary });
        return new Tenant(client, canary, created.Headers.Location!.ToString());
    }

    private sealed record Tenant(HttpClient Client, string Canary, string Row)
    {
        public static HttpStatusCode Expected(int i) => (i / 2 % 5) switch
        {
            2 or 3 => HttpStatusCode.NotFound,
            4 => HttpStatusCode.Created,
            _ => HttpStatusCode.OK,
        };

        public Task<HttpResponseMessage> SendAsync(int i, Tenant other, CancellationToken ct) => (i / 2 % 5) switch
        {
            0 => Client.GetAsync(Row, ct),
            1 => Client.GetAsync(ProbeFeature.Path, ct),
            2 => Client.GetAsync(other.Row, ct),
            3 => Client.DeleteAsync(other.Row, ct),
            _ => Client.PostAsJsonAsync(ProbeFeature.Path, new { text = $"{i} {Canary[^4..]}" }, ct),
        };
    }
}
