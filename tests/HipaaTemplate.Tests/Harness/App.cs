using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(4)]

namespace HipaaTemplate.Tests.Harness;

/// <summary>What every test shares: one cluster, one issuer, one API on one migrated database.</summary>
internal static class App
{
    /// <summary>
    /// Roles belong to the cluster, not to a test's database: two `migrate up` at once would alter the
    /// same row of pg_authid, and PostgreSQL refuses that.
    /// </summary>
    public static SemaphoreSlim Roles { get; } = new(1);

    private static readonly Lazy<Task<PgBouncer>> Pooler = new(() => PgBouncer.StartInFrontOfAsync(Api!));

    private static readonly Lazy<Task<ApiHost>> PooledApi = new(() => AnotherApiAsync(Server.PgBouncer));

    public static PostgresCluster Postgres { get; private set; } = null!;

    public static TestIssuer Issuer { get; private set; } = null!;

    public static ApiHost Api { get; private set; } = null!;

    /// <summary>One for all, as several APIs share a database.</summary>
    public static string LocalKeyFile { get; } =
        Path.Combine(Path.GetTempPath(), $"hipaa-template-test-{Environment.ProcessId}", "local-key");

    /// <summary>DATABASE_URL of the shared API.</summary>
    public static string DatabaseUrl { get; private set; } = null!;

    public static async Task StartAsync()
    {
        var postgres = PostgresCluster.StartAsync();
        Issuer = await TestIssuer.StartAsync();
        Postgres = await postgres;
        (Api, DatabaseUrl) = await NewApiAsync();
    }

    public static async Task StopAsync()
    {
        if (PooledApi.IsValueCreated)
        {
            await (await PooledApi.Value).DisposeAsync();
        }

        await Api.DisposeAsync();
        await Issuer.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
        if (Pooler.IsValueCreated)
        {
            await (await Pooler.Value).DisposeAsync();
        }

        await Postgres.DisposeAsync();
    }

    /// <summary>The shared API, or a second one on the same database that reaches it through PgBouncer.</summary>
    public static Task<ApiHost> ApiAsync(Server server) =>
        server == Server.Direct ? Task.FromResult(Api) : PooledApi.Value;

    /// <summary>An API of a test's own on the shared database.</summary>
    public static async Task<ApiHost> AnotherApiAsync(
        Server server,
        IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? configureServices = null) => server == Server.Direct
            ? new ApiHost(DatabaseUrl, Issuer, settings, configureServices)
            : (await Pooler.Value).InFrontOf(Api, DatabaseUrl, settings, configureServices);

    /// <summary>An API on a freshly migrated database of its own; the URL leads straight to it.</summary>
    public static async Task<(ApiHost Api, string DatabaseUrl)> NewApiAsync(
        Server server,
        IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? configureServices = null)
    {
        var (api, url) = await NewApiAsync(settings, configureServices);
        return server == Server.Direct
            ? (api, url)
            : ((await Pooler.Value).InFrontOf(api, url, settings, configureServices), url);
    }

    /// <summary>An API on a freshly migrated database of its own.</summary>
    public static async Task<(ApiHost Api, string DatabaseUrl)> NewApiAsync(
        IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? configureServices = null)
    {
        var (api, url) = await NewMigratedApiAsync(settings, configureServices);
        await ScratchTables.CreateAsync(api);
        return (api, url);
    }

    /// <summary>The same, with the tables that the migrations make and no others.</summary>
    public static async Task<(ApiHost Api, string DatabaseUrl)> NewMigratedApiAsync(
        IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? configureServices = null)
    {
        var url = await Postgres.CreateDatabaseAsync($"test_{Guid.CreateVersion7():N}");
        var api = new ApiHost(url, Issuer, settings, configureServices);
        await MigrateUpAsync(api);
        return (api, url);
    }

    public static async Task MigrateUpAsync(ApiHost api)
    {
        await Roles.WaitAsync();
        try
        {
            Assert.That(await api.RunAsync("migrate", "up"), Is.Zero);
        }
        finally
        {
            Roles.Release();
        }
    }

    public static HttpClient As(TestUser user) => As(Api, user);

    public static HttpClient As(ApiHost api, TestUser user) => api.WithToken(Issuer.NewToken(user).Sign());

    public static Task<Clinic> NewClinicAsync() => NewClinicAsync(Api);

    public static async Task<Clinic> NewClinicAsync(ApiHost api)
    {
        var id = TenantId.From(Guid.CreateVersion7());
        // The tail of a UUIDv7 is the random part.
        var clinic = new Clinic(id, $"clinic-{id.Value.ToString("N")[16..]}");
        await api.RunAsync("tenants", "add", clinic.Slug, "A clinic", "--id", id.ToString());
        return clinic;
    }
}
