using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The database as its owner, for verbs. The serving API never uses it.</summary>
internal sealed class OwnerDatabase(IOptions<DatabaseSettings> settings, IServiceProvider services)
    : IAsyncDisposable
{
    private NpgsqlDataSource? dataSource;

    /// <summary>As the login of DATABASE_URL, which may create roles.</summary>
    public async Task<NpgsqlConnection> OpenLoginAsync(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(settings.Value.LoginConnectionString());
        await connection.OpenAsync(ct);
        return connection;
    }

    /// <summary>As hipaa_owner: what it creates belongs to that role, and policies bind it.</summary>
    public AppDbContext CreateContext()
    {
        dataSource ??= new NpgsqlDataSourceBuilder(settings.Value.OwnerConnectionString()).Build();
        var options = new DbContextOptionsBuilder<AppDbContext>();
        // A verb's standard output is its result; what fails reaches the operator as an exception.
        options.UseAppDatabase(dataSource)
            .UseApplicationServiceProvider(services)
            .UseLoggerFactory(NullLoggerFactory.Instance);
        return new AppDbContext(options.Options);
    }

    public ValueTask DisposeAsync() => dataSource?.DisposeAsync() ?? ValueTask.CompletedTask;
}
