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

    public static PostgresCluster Postgres { get; private set; } = null!;

    public static TestIssuer Issuer { get; private set; } = null!;

    public static ApiHost Api { get; private set; } = null!;

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
        await Api.DisposeAsync();
        await Issuer.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
        await Postgres.DisposeAsync();
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

    public static HttpClient As(TestUser user) => Api.WithToken(Issuer.NewToken(user).Sign());

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
