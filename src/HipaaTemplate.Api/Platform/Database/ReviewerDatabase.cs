using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The database as hipaa_reviewer, with a few connections of its own. It reads the events of the tenant whose scope was
/// set in the same transaction, and of all tenants which events were sealed (<see cref="AuditTables.Reviewed"/>).
/// </summary>
internal sealed class ReviewerDatabase(IOptions<DatabaseSettings> settings)
{
    private readonly Lazy<string> connectionString = new(() => settings.Value.ReviewerConnectionString());

    /// <exception cref="NpgsqlException">No connection can be had.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(connectionString.Value);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
