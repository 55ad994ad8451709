using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Tests.Harness;

/// <summary>What an API of the tests connects to.</summary>
public enum Server
{
    /// <summary>PostgreSQL itself.</summary>
    Direct,

    /// <summary>PgBouncer in transaction mode, with two connections to PostgreSQL.</summary>
    PgBouncer,
}

/// <summary>
/// Debian's PgBouncer in front of the tests' PostgreSQL, for every database of it. It knows hipaa_app
/// and hipaa_reviewer: the owner goes straight to PostgreSQL, in the tests as in a deployment.
/// </summary>
internal sealed class PgBouncer : IAsyncDisposable
{
    private readonly Throwaway script;

    private PgBouncer(Throwaway script) => this.script = script;

    public static async Task<PgBouncer> StartInFrontOfAsync(ApiHost api)
    {
        var settings = api.Services.GetRequiredService<IOptions<DatabaseSettings>>().Value;
        var app = new NpgsqlConnectionStringBuilder(settings.AppConnectionString());
        var reviewer = new NpgsqlConnectionStringBuilder(settings.ReviewerConnectionString());
        return new PgBouncer(await Throwaway.StartAsync(
            "pgbouncer", [app.Host!, $"{app.Port}", app.Password!, reviewer.Password!], "port"));
    }

    /// <summary>An API like this one that reaches its database through PgBouncer.</summary>
    public ApiHost InFrontOf(
        ApiHost direct,
        string databaseUrl,
        IReadOnlyDictionary<string, string>? settings = null,
        Action<IServiceCollection>? configureServices = null)
    {
        var database = DatabaseUrl.Parse(databaseUrl);
        database.Host = "127.0.0.1";
        database.Port = int.Parse(script.Answers["port"]);
        database.SslMode = SslMode.Disable;
        return new ApiHost(
            database.ConnectionString,
            App.Issuer,
            new Dictionary<string, string>(settings ?? new Dictionary<string, string>())
            {
                // Debian 12 has PgBouncer 1.18.
                ["DATABASE_PREPARED_STATEMENTS"] = "0",
            },
            configureServices) { Direct = direct };
    }

    public ValueTask DisposeAsync() => script.DisposeAsync();
}
