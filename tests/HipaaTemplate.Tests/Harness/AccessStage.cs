using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Tests.Harness;

/// <summary>A row of a tenant, and what tells it from every other.</summary>
internal sealed record StageRow(string Id, string Text, string? EntityTag);

/// <summary>
/// Three tenants, the last of them suspended, and in each of them rows of every caller and of a colleague.
/// </summary>
internal sealed class AccessStage : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Path, string Subject), StageRow> rows = new();
    private readonly ConcurrentQueue<(TenantId Tenant, string Text)> canaries = new();
    private readonly ApiHost api;
    private readonly ApiHost storing;
    private readonly HttpClient client;
    private readonly NpgsqlConnection connection;
    private readonly string fingerprint;

    private AccessStage(ApiHost api, ApiHost storing, NpgsqlConnection connection, IReadOnlyList<Clinic> clinics)
    {
        this.api = api;
        this.storing = storing;
        client = storing.Anonymous();
        this.connection = connection;
        Clinics = clinics;
        Callers = AccessCallers.Of(clinics[0], clinics[1], clinics[2]);
        // A user's line is made by whatever request comes first.
        fingerprint = string.Join(" UNION ALL ", api.IsolationPromise().TenantTables.Where(table => table != "app.users").Select(table =>
            $"SELECT '{table}' || coalesce(string_agg(md5(t::text), '' ORDER BY t.id), '') FROM {table} t WHERE t.tenant_id = '{{0}}'"));
    }

    public IReadOnlyList<Clinic> Clinics { get; }

    public IReadOnlyList<Caller> Callers { get; }

    public static async Task<AccessStage> SetAsync(ApiHost api, string databaseUrl)
    {
        Clinic[] clinics = [await App.NewClinicAsync(api), await App.NewClinicAsync(api), await App.NewClinicAsync(api)];
        // Rows are stored through an instance of their own: it remembers for a while that the third
        // tenant was active, and the API under test does not.
        var stage = new AccessStage(
            api, new ApiHost(databaseUrl, App.Issuer), await api.OpenAppConnectionAsync(), clinics);
        foreach (var clinic in clinics)
        {
            await Refusal.MakeKeyAsync(stage.storing, clinic.Admin);
        }

        var owners = stage.Callers.Select(caller => caller.Owner).Concat(clinics.Select(ColleagueAt));
        var collections = AccessExpectations.All.Select(e => e.Rows).OfType<Collection>().DistinctBy(rows => rows.Path);
        await Parallel.ForEachAsync(
            from owner in owners from collection in collections select (collection, owner),
            async (one, _) => stage.rows[(one.collection.Path, one.owner.Subject)] =
                await stage.StoreAsync(one.collection, one.owner));
        await api.RunAsync("tenants", "suspend", clinics[^1].Slug);
        return stage;
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        client.Dispose();
        await storing.DisposeAsync();
    }

    public static TestUser ColleagueAt(Clinic clinic) => new($"colleague@{clinic.Slug}", clinic.Id, Roles.All);

    public StageRow RowOf(Collection collection, TestUser owner) => rows[(collection.Path, owner.Subject)];

    /// <summary>A new row of this user, who has the role for it at that moment.</summary>
    public async Task<StageRow> StoreAsync(Collection collection, TestUser owner)
    {
        if (collection.Store is { } store)
        {
            var stored = $"{await store(storing, owner.Tenant!.Value)}";
            canaries.Enqueue((owner.Tenant.Value, stored));
            return new StageRow(stored, stored, null);
        }

        var text = NewText(owner.Tenant!.Value);
        using var request = new HttpRequestMessage(HttpMethod.Post, collection.Path)
        {
            Content = JsonContent.Create(collection.NewBody(text), options: JsonSerializerOptions.Default),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Bearer", App.Issuer.NewToken(owner with { Roles = Roles.All }).Sign());
        using var created = await client.SendAsync(request);
        Assert.That(created.StatusCode, Is.EqualTo(HttpStatusCode.Created), await created.Content.ReadAsStringAsync());
        var id = created.Headers.Location!.ToString().Split('/')[^1];
        canaries.Enqueue((owner.Tenant.Value, id));
        return new StageRow(id, text, created.Headers.ETag?.ToString());
    }

    /// <summary>A text that nobody outside this tenant may ever be shown.</summary>
    public string NewText(TenantId tenant)
    {
        var text = $"canary-{Guid.CreateVersion7():N}";
        canaries.Enqueue((tenant, text));
        return text;
    }

    /// <summary>Whether the answer shows something of a tenant other than this one; of any, for null.</summary>
    public bool ShowsOfAnother(string answer, TenantId? tenant) => canaries.Any(canary =>
        canary.Tenant != tenant && answer.Contains(canary.Text, StringComparison.OrdinalIgnoreCase));

    public bool ShowsOf(string answer, TenantId tenant) => canaries.Any(canary =>
        canary.Tenant == tenant && answer.Contains(canary.Text, StringComparison.OrdinalIgnoreCase));

    /// <summary>All that is stored, tenant by tenant; two of these differ where something was changed.</summary>
    public async Task<Dictionary<TenantId, string>> FingerprintsAsync()
    {
        Dictionary<TenantId, string> fingerprints = [];
        foreach (var clinic in Clinics)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            await api.EnterAsync(connection, clinic.Id);
            fingerprints[clinic.Id] = string.Join('\n', await connection.ColumnAsync<string>(
                fingerprint.Replace("{0}", $"{clinic.Id}", StringComparison.Ordinal)));
        }

        return fingerprints;
    }
}
