using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Tests.Harness;

/// <summary>What a request has of the database, without the request.</summary>
internal sealed class TenantWork : IAsyncDisposable
{
    private readonly AsyncServiceScope scope;

    private TenantWork(AsyncServiceScope scope) => this.scope = scope;

    public AppDbContext Db => scope.ServiceProvider.GetRequiredService<AppDbContext>();

    /// <summary>A scope of dependency injection that entered this tenant, or none.</summary>
    public static TenantWork Of(ApiHost api, TenantId? tenant) => new(tenant is { } id
        ? api.Services.GetRequiredService<TenantScopes>().Enter(id)
        : api.Services.CreateAsyncScope());

    public ValueTask DisposeAsync() => scope.DisposeAsync();
}

internal static class DatabaseAccess
{
    /// <summary>As hipaa_app, the way the API connects but without anything of the API around it.</summary>
    public static async Task<NpgsqlConnection> OpenAppConnectionAsync(this ApiHost api)
    {
        var settings = api.Services.GetRequiredService<IOptions<DatabaseSettings>>().Value;
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(settings.AppConnectionString()) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public static async Task<NpgsqlConnection> OpenOwnerConnectionAsync(this ApiHost api)
    {
        var settings = (api.Direct ?? api).Services.GetRequiredService<IOptions<DatabaseSettings>>().Value;
        var connection = new NpgsqlConnection(settings.OwnerConnectionString());
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>What the API's build promises of its database.</summary>
    public static IsolationPromise IsolationPromise(this ApiHost api)
    {
        using var db = api.Services.GetRequiredService<OwnerDatabase>().CreateContext();
        return HipaaTemplate.Platform.Database.IsolationPromise.Of(db, api.Services.GetRequiredService<ITenantScopeSql>());
    }

    /// <summary>Whose rows the rest of the connection's transaction sees; null for nobody's.</summary>
    public static async Task EnterAsync(this ApiHost api, NpgsqlConnection connection, TenantId? tenant)
    {
        await using var command = api.Services.GetRequiredService<ITenantScopeSql>().For(tenant).CreateCommand(connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<int> ExecuteAsync(this NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync();
    }

    public static async Task<T> ScalarAsync<T>(this NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>One column of every row.</summary>
    public static async Task<List<T>> ColumnAsync<T>(this NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        List<T> values = [];
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetFieldValue<T>(0));
        }

        return values;
    }

    /// <summary>Past every policy: what is really stored, or a wall taken away.</summary>
    public static async Task<NpgsqlConnection> OpenSuperuserConnectionAsync(string databaseUrl)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(
            DatabaseUrl.Parse(App.Postgres.SuperuserUrl).ConnectionString)
        {
            Database = DatabaseUrl.Parse(databaseUrl).Database,
            Pooling = false,
        }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }
}
