using Npgsql;
using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// A real PostgreSQL with pgvector: the server that TEST_DATABASE_URL (or DATABASE_URL) names, whose
/// login must be allowed to create roles and databases, or a throw-away cluster. There is no third way.
/// </summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private readonly Throwaway? script;

    private PostgresCluster(Throwaway? script, string ownerUrl, string superuserUrl)
    {
        this.script = script;
        OwnerUrl = ownerUrl;
        SuperuserUrl = superuserUrl;
    }

    /// <summary>A login that may create roles and owns the databases made for tests; no superuser.</summary>
    public string OwnerUrl { get; }

    public string SuperuserUrl { get; }

    /// <summary>False for a server that an environment variable named.</summary>
    public bool IsOurs => script is not null;

    public static async Task<PostgresCluster> StartAsync()
    {
        var given = Environment.GetEnvironmentVariable("TEST_DATABASE_URL")
            ?? Environment.GetEnvironmentVariable("DATABASE_URL");
        if (!string.IsNullOrEmpty(given))
        {
            return new PostgresCluster(null, given, given);
        }

        var cluster = await Throwaway.StartAsync("postgres", [], "url", "superuser_url");
        return new PostgresCluster(cluster, cluster.Answers["url"], cluster.Answers["superuser_url"]);
    }

    /// <summary>A new database that the migrating login owns.</summary>
    /// <returns>Its DATABASE_URL.</returns>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        var owner = DatabaseUrl.Parse(OwnerUrl).Username;
        await ExecuteAsSuperuserAsync($"""CREATE DATABASE "{name}" OWNER "{owner}" """);
        return WithDatabase(OwnerUrl, name);
    }

    public string SuperuserUrlOf(string database) => WithDatabase(SuperuserUrl, database);

    public async Task ExecuteAsSuperuserAsync(string sql, string? database = null)
    {
        var connectionString = DatabaseUrl.Parse(SuperuserUrl);
        connectionString.Database = database ?? connectionString.Database;
        connectionString.Pooling = false;
        await using var connection = new NpgsqlConnection(connectionString.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => script?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static string WithDatabase(string url, string name)
    {
        if (!url.Contains("://", StringComparison.Ordinal))
        {
            return new NpgsqlConnectionStringBuilder(url) { Database = name }.ConnectionString;
        }

        return new UriBuilder(url) { Path = name }.Uri.AbsoluteUri;
    }
}
