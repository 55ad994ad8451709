using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// Two tenants, each with a canary in every row, read and write at once on the same pools of contexts and
/// connections, and go for each other's rows.
/// </summary>
internal sealed class Interleaving : IDisposable
{
    public const int Workers = 64;
    private const int Rows = 16;
    private readonly Tenant[] tenants;
    private readonly ConcurrentBag<string> crossings = [];
    private readonly ConcurrentBag<HttpStatusCode> unexpected = [];
    private int requests;

    private Interleaving(Tenant[] tenants) => this.tenants = tenants;

    public IReadOnlyList<HttpClient> Clients => [.. tenants.Select(tenant => tenant.Client)];

    /// <summary>Answers that showed the other tenant's canary, or did something to its row.</summary>
    public IReadOnlyCollection<string> Crossings => crossings;

    /// <summary>Answers that gave away nothing but were not what a calm database leads to.</summary>
    public IReadOnlyCollection<HttpStatusCode> Unexpected => unexpected;

    public static async Task<Interleaving> StartAsync(ApiHost api) =>
        new(await Task.WhenAll(Tenant.StoreAsync(api), Tenant.StoreAsync(api)));

    public Task RunAsync(int count, Func<int, Task>? before = null) => RunAsync(i => i < count, before);

    /// <summary>For as long as something else takes.</summary>
    public Task RunAsync(Task until) => RunAsync(_ => !until.IsCompleted, before: null);

    /// <summary>Every row is there and holds what its tenant wrote.</summary>
    public async Task ShouldBeIntactAsync()
    {
        foreach (var tenant in tenants)
        {
            var answers = await Task.WhenAll(tenant.Paths.Select(path => tenant.Client.GetStringAsync(path)));
            Assert.That(answers, Has.All.Contains(tenant.Canary));
        }
    }

    public void Dispose() => Array.ForEach(tenants, tenant => tenant.Client.Dispose());

    private Task RunAsync(Func<int, bool> goesOn, Func<int, Task>? before)
    {
        requests = -1;
        return Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            int i;
            while (goesOn(i = Interlocked.Increment(ref requests)))
            {
                await (before?.Invoke(i) ?? Task.CompletedTask);
                await SendAsync(i);
            }
        })));
    }

    private async Task SendAsync(int i)
    {
        var (own, other) = (tenants[i % 2], tenants[(i + 1) % 2]);
        var (client, row) = (own.Client, i / 16 % Rows);
        // The first row of each tenant is never written, so its text stays taken.
        var written = 1 + (row % (Rows - 1));
        var sent = (i / 2 % 8) switch
        {
            0 => SeeAsync(client.GetAsync(own.Paths[row]), HttpStatusCode.OK),
            1 => SeeAsync(client.GetAsync(ProbeFeature.Path), HttpStatusCode.OK),
            2 => SeeAsync(client.GetAsync(other.Paths[row]), HttpStatusCode.NotFound),
            3 => SeeAsync(client.PutAsJsonAsync(other.Paths[row], New("stolen")), HttpStatusCode.NotFound),
            4 => SeeAsync(client.DeleteAsync(other.Paths[row]), HttpStatusCode.NotFound),
            5 => SeeAsync(client.PutAsJsonAsync(own.Paths[written], New(own.Canary)), HttpStatusCode.OK),
            6 => SeeAsync(client.PostAsJsonAsync(ProbeFeature.Path, new { text = own.Canary }), HttpStatusCode.Conflict),
            _ => StoreAndDeleteAsync(),
        };
        await sent;

        // So that lists stay short.
        async Task StoreAndDeleteAsync()
        {
            if (await SeeAsync(client.PostAsJsonAsync(ProbeFeature.Path, New("passing")), HttpStatusCode.Created) is { } path)
            {
                await SeeAsync(client.DeleteAsync(path), HttpStatusCode.NoContent);
            }
        }

        async Task<Uri?> SeeAsync(Task<HttpResponseMessage> sending, HttpStatusCode expected)
        {
            using var answer = await sending;
            var body = await answer.Content.ReadAsStringAsync();
            if (body.Contains(other.Canary, StringComparison.Ordinal)
                || (expected == HttpStatusCode.NotFound && answer.IsSuccessStatusCode))
            {
                crossings.Add($"{i}: {answer.RequestMessage} {(int)answer.StatusCode} {body}");
            }
            else if (answer.StatusCode != expected)
            {
                unexpected.Add(answer.StatusCode);
            }

            return answer.Headers.Location;
        }

        object New(string text) => new { text = $"{text} {i} {Guid.CreateVersion7()}" };
    }

    private sealed record Tenant(HttpClient Client, string Canary, IReadOnlyList<string> Paths)
    {
        public static async Task<Tenant> StoreAsync(ApiHost api)
        {
            var admin = (await App.NewClinicAsync(api)).Admin;
            await Refusal.MakeKeyAsync(api, admin);
            var client = App.As(api, admin);
            var canary = $"canary-{Guid.CreateVersion7():N}";
            List<string> paths = [];
            for (var row = 0; row < Rows; row++)
            {
                var text = row == 0 ? canary : $"{canary} {row}";
                using var created = await client.PostAsJsonAsync(ProbeFeature.Path, new { text });
                paths.Add(created.Headers.Location!.ToString());
            }

            return new Tenant(client, canary, paths);
        }
    }
}
