using Npgsql;

namespace HipaaTemplate.Platform.Database;

internal sealed partial class SealStore
{
    /// <summary>Makes the partitions of the coming months that are missing.</summary>
    /// <returns>False while others are at the table: it does not keep events waiting.</returns>
    public async Task<bool> TryExtendAsync(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(settings.Value.SealerConnectionString());
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(AuditTables.ExtendPartitions, connection);
        try
        {
            await command.ExecuteNonQueryAsync(ct);
            return true;
        }
        // Two at once: the other one has made them.
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DuplicateTable)
        {
            return false;
        }
    }
}
