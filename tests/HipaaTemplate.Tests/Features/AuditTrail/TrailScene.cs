using System.Text.Json;
using HipaaTemplate.Features.AuditTrail;
using HipaaTemplate.Platform.Auditing;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Features.AuditTrail;

/// <summary>An API of its own with two clinics, and patients whom their doctors opened and changed.</summary>
internal sealed class TrailScene : IAsyncDisposable
{
    public const string Events = "/api/v1/audit/events";
    public const string OwnAccesses = "/api/v1/me/access-log";

    /// <summary>What <see cref="RevealingFeature"/> stores of everybody.</summary>
    public const string Canary = "Lindqvist";

    private readonly List<HttpClient> clients = [];

    private TrailScene(ApiHost api, string url, Clinic own, Clinic other) => (Api, Url, Own, Other) = (api, url, own, other);

    public ApiHost Api { get; }

    public string Url { get; }

    public Clinic Own { get; }

    public Clinic Other { get; }

    public HttpClient Doctor => As(Own.Doctor);

    public HttpClient Auditor => As(Own.Auditor);

    public static async Task<TrailScene> SetAsync(Server server, IReadOnlyDictionary<string, string>? settings = null, Action<IServiceCollection>? configure = null)
    {
        var (api, url) = await App.NewApiAsync(server, settings, services =>
        {
            services.AddTestFeature(new RevealingFeature());
            configure?.Invoke(services);
        });
        return new TrailScene(api, url, await App.NewClinicAsync(api), await App.NewClinicAsync(api));
    }

    public static string AccessesOf(Guid patient) =>
        $"/api/v1{AuditTrailFeature.AccessLogOf.Replace("{id:guid}", $"{patient}", StringComparison.Ordinal)}";

    public HttpClient As(TestUser user) => Keep(App.As(Api, user));

    /// <param name="patient">What the claim holds.</param>
    /// <param name="claim">Where the issuer puts it.</param>
    public HttpClient AsPatient(object? patient, string claim = "patient_id") =>
        Keep(Api.WithToken(App.Issuer.NewToken(Own.Patient).With(claim, patient).Sign()));

    public async Task<Guid> AddAsync(Clinic clinic)
    {
        using var response = await As(clinic.Doctor).PostAsync(RevealingFeature.Path, null);
        return Guid.Parse(await response.Content.ReadAsStringAsync());
    }

    public async Task OpenAsync(Clinic clinic, Guid patient, string? purpose = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{RevealingFeature.Path}/{patient}");
        request.Headers.Add(PurposesOfUse.Header, purpose is null ? [] : [purpose]);
        using var response = await As(clinic.Doctor).SendAsync(request);
        Assert.That(response.IsSuccessStatusCode, Is.True);
    }

    public async Task ChangeAsync(Clinic clinic, Guid patient)
    {
        using var response = await As(clinic.Doctor).PutAsync($"{RevealingFeature.Path}/{patient}", null);
        Assert.That(response.IsSuccessStatusCode, Is.True);
    }

    /// <summary>What is stored, newest first, as the auditor's own role reads it.</summary>
    public async Task<List<AuditEntry>> StoredAsync(Clinic clinic) =>
        [.. (await TrailReader.AllEventsAsync(Url, clinic.Id)).Select(stamped => stamped.Entry).Reverse()];

    public async ValueTask DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
        await Api.DisposeAsync();
    }

    private HttpClient Keep(HttpClient client)
    {
        clients.Add(client);
        return client;
    }
}

internal static class TrailPageAssertions
{
    public static async Task<JsonElement> PageAsync(this HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return await response.ShouldBeJsonAsync();
    }

    public static Guid[] Ids(this JsonElement page) => [.. page.Items().Select(item => item.GetProperty("id").GetGuid())];

    public static List<JsonElement> Items(this JsonElement page) => [.. page.GetProperty("items").EnumerateArray()];

    public static string? Cursor(this JsonElement page) => page.GetProperty("next_cursor").GetString();
}
