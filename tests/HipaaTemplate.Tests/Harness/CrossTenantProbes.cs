using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Harness;

/// <summary>What a cross-tenant probe needs to know of a collection of the API.</summary>
/// <param name="Path">The collection, such as /api/v1/probes.</param>
/// <param name="NewBody">A body that creates or replaces a row and has this text somewhere in it.</param>
internal sealed record Collection(string Path, Func<string, object> NewBody)
{
    /// <summary>How a row comes to be that nobody can create by a request; its id, which is all that tells it from others.</summary>
    public Func<ApiHost, TenantId, Task<Guid>>? Store { get; init; }
}

/// <summary>
/// Two tenants store a canary each and go for the other's by every method. A crossing is an answer
/// that shows the other's canary or another status than an absent row gives, or a row that changed.
/// </summary>
internal static class CrossTenantProbes
{
    /// <summary>In a crossing that showed the other's data, not only that there is a row.</summary>
    public const string Shown = " (shown)";

    public static async Task<IReadOnlyList<string>> CrossingsAsync(ApiHost api, Collection collection)
    {
        var (northwind, southgate) = (await App.NewClinicAsync(api), await App.NewClinicAsync(api));
        var mine = await StoreAsync(api, collection, northwind);
        var theirs = await StoreAsync(api, collection, southgate);
        return
        [
            .. await AttackAsync(api, collection, northwind, theirs),
            .. await AttackAsync(api, collection, southgate, mine),
        ];
    }

    private static async Task<List<string>> AttackAsync(
        ApiHost api, Collection collection, Clinic attacker, Canary canary)
    {
        using var client = api.WithToken(App.Issuer.NewToken(attacker.Admin).Sign());
        client.DefaultRequestHeaders.Add("If-Match", "*");
        var absent = $"{collection.Path}/{Guid.CreateVersion7()}";
        List<string> crossings = [];

        async Task TryAsync(string what, Func<string, Task<HttpResponseMessage>> send)
        {
            using var control = await send(absent);
            using var answer = await send(canary.Path);
            var body = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode != control.StatusCode || body.Contains(canary.Text, StringComparison.Ordinal))
            {
                var shown = body.Contains(canary.Text, StringComparison.Ordinal) ? Shown : "";
                crossings.Add($"{what} {collection.Path}{shown}: {(int)answer.StatusCode}");
            }
        }

        using var list = await client.GetAsync(collection.Path);
        if ((await list.Content.ReadAsStringAsync()).Contains(canary.Text, StringComparison.Ordinal))
        {
            crossings.Add($"LIST {collection.Path}{Shown}");
        }
        else if (!list.IsSuccessStatusCode)
        {
            crossings.Add($"LIST {collection.Path}: {(int)list.StatusCode}");
        }

        var replacement = collection.NewBody($"attack-{Guid.CreateVersion7():N}");
        await TryAsync("GET", path => client.GetAsync(path));
        await TryAsync("PUT", path => client.PutAsJsonAsync(path, replacement));
        await TryAsync("DELETE", path => client.DeleteAsync(path));

        using var owner = api.WithToken(canary.OwnersToken);
        var after = await owner.GetAsync(canary.Path);
        if (!(await after.Content.ReadAsStringAsync()).Contains(canary.Text, StringComparison.Ordinal))
        {
            crossings.Add($"CHANGED {collection.Path}: {(int)after.StatusCode}");
        }

        return crossings;
    }

    private static async Task<Canary> StoreAsync(ApiHost api, Collection collection, Clinic clinic)
    {
        var text = $"canary-{Guid.CreateVersion7():N}";
        var token = App.Issuer.NewToken(clinic.Admin).Sign();
        using var client = api.WithToken(token);
        using var created = await client.PostAsJsonAsync(
            collection.Path, collection.NewBody(text), JsonSerializerOptions.Default);
        Assert.That(created.StatusCode, Is.EqualTo(HttpStatusCode.Created), await created.Content.ReadAsStringAsync());
        return new Canary(created.Headers.Location!.ToString(), text, token);
    }

    private sealed record Canary(string Path, string Text, string OwnersToken);
}
