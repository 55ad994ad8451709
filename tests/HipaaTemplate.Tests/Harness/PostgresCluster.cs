using System.Diagnostics;
using Npgsql;
using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// A real PostgreSQL with pgvector: the server that TEST_DATABASE_URL (or DATABASE_URL) names, whose
/// login must be allowed to create roles and databases, or a throw-away cluster. There is no third way.
/// </summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(10);
    private readonly Process? process;

    private PostgresCluster(Process? process, string ownerUrl, string superuserUrl)
    {
        this.process = process;
        OwnerUrl = ownerUrl;
        SuperuserUrl = superuserUrl;
    }

    /// <summary>A login that may create roles and owns the databases made for tests; no superuser.</summary>
    public string OwnerUrl { get; }

    public string SuperuserUrl { get; }

    /// <summary>False for a server that an environment variable named.</summary>
    public bool IsOurs => process is not null;

    public static async Task<PostgresCluster> StartAsync()
    {
        var given = Environment.GetEnvironmentVariable("TEST_DATABASE_URL")
            ?? Environment.GetEnvironmentVariable("DATABASE_URL");
        if (!string.IsNullOrEmpty(given))
        {
            return new PostgresCluster(null, given, given);
        }

        var script = Process.Start(new ProcessStartInfo(Repository.PathOf("tools", "postgres"), "throwaway")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = script.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(StartTimeout);
        Dictionary<string, string> urls = [];
        while (urls.Count < 2)
        {
            if (await script.StandardOutput.ReadLineAsync(timeout.Token) is not { } line)
            {
                throw new InvalidOperationException($"No PostgreSQL for the tests: {await errors}");
            }

            var parts = line.Split('=', 2);
            urls[parts[0]] = parts[1];
        }

        return new PostgresCluster(script, urls["url"], urls["superuser_url"]);
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

    public async ValueTask DisposeAsync()
    {
        if (process is null)
        {
            return;
        }

        // The script removes the cluster when its standard input ends.
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await process.WaitForExitAsync(timeout.Token);
        process.Dispose();
    }

    private static string WithDatabase(string url, string name)
    {
        if (!url.Contains("://", StringComparison.Ordinal))
        {
            return new NpgsqlConnectionStringBuilder(url) { Database = name }.ConnectionString;
        }

        return new UriBuilder(url) { Path = name }.Uri.AbsoluteUri;
    }
}
