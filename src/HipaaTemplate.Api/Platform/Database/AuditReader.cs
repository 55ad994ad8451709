using System.Data;
using System.Runtime.CompilerServices;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>The audit trail as hipaa_auditor reads it, in one picture of the database.</summary>
internal sealed class AuditReader : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;

    private AuditReader(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        this.connection = connection;
        this.transaction = transaction;
    }

    public static async Task<AuditReader> OpenAsync(IOptions<DatabaseSettings> settings, CancellationToken ct)
    {
        var auditor = new NpgsqlConnection(settings.Value.AuditorConnectionString());
        try
        {
            await auditor.OpenAsync(ct);
            var began = await auditor.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            // BEGIN takes no picture yet, the first statement does: the event of an export comes after it.
            await using var picture = new NpgsqlCommand("SELECT 1", auditor, began);
            await picture.ExecuteNonQueryAsync(ct);
            return new AuditReader(auditor, began);
        }
        catch
        {
            await auditor.DisposeAsync();
            throw;
        }
    }

    /// <summary>The sealed events in the order of their leaves, then those that are not sealed.</summary>
    public async IAsyncEnumerable<StoredEvent> EventsAsync(AuditLog log, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command($"""
            SELECT {EventRows.Columns} FROM {AuditTables.Events} e
            LEFT JOIN {AuditTables.Leaves} l ON l.log_tenant = e.tenant_id AND l.event_id = e.id
            WHERE e.tenant_id = @tenant AND e.at >= @from AND e.at < @to
            ORDER BY l.leaf NULLS LAST, e.id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", log.Tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("from", log.Begin));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("to", log.End));
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return EventRows.Read(reader);
        }
    }

    /// <summary>The events of a tenant that are about one patient, in the order of time.</summary>
    public async IAsyncEnumerable<AuditEntry> EventsOfAsync(
        TenantId tenant, Guid patient, DateTimeOffset from, DateTimeOffset to, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command($"""
            SELECT {EventRows.Columns} FROM {AuditTables.Events} e
            LEFT JOIN {AuditTables.Leaves} l ON l.log_tenant = e.tenant_id AND l.event_id = e.id
            WHERE e.tenant_id = @tenant AND e.at >= @from AND e.at < @to AND e.patients @> ARRAY[@patient]
            ORDER BY e.at, e.id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<Guid>("patient", patient));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("from", from));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("to", to));
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return EventRows.Read(reader).Stamped.Entry;
        }
    }

    public async Task<StoredEvent?> FindEventAsync(TenantId tenant, Guid id, CancellationToken ct)
    {
        await using var command = Command($"""
            SELECT {EventRows.Columns} FROM {AuditTables.Events} e
            LEFT JOIN {AuditTables.Leaves} l ON l.log_tenant = e.tenant_id AND l.event_id = e.id
            WHERE e.tenant_id = @tenant AND e.id = @id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? EventRows.Read(reader) : null;
    }

    /// <summary>The newest signed checkpoint of the heads.</summary>
    public async Task<(long Heads, string Note)?> LastSealAsync(CancellationToken ct)
    {
        await using var command = Command($"SELECT heads, note FROM {AuditTables.Seals} ORDER BY heads DESC LIMIT 1");
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt64(0), reader.GetString(1)) : null;
    }

    public async Task<SealedHead?> NewestHeadAsync(AuditLog log, CancellationToken ct)
    {
        await using var command = Command($"""
            SELECT {HeadReader.Columns} FROM {AuditTables.Heads} WHERE log_tenant = @tenant AND log_month = @month ORDER BY size DESC LIMIT 1
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", log.Tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<DateOnly>("month", log.Month));
        return (await HeadReader.ReadAsync(command, ct)).SingleOrDefault();
    }

    public IAsyncEnumerable<byte[]> LeafHashesAsync(AuditLog log, CancellationToken ct)
    {
        var command = Command($"SELECT leaf_hash FROM {AuditTables.Leaves} WHERE log_tenant = @tenant AND log_month = @month ORDER BY leaf");
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", log.Tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<DateOnly>("month", log.Month));
        return HashesAsync(command, ct);
    }

    public IAsyncEnumerable<byte[]> HeadHashesAsync(CancellationToken ct) =>
        HashesAsync(Command($"SELECT leaf_hash FROM {AuditTables.Heads} ORDER BY head"), ct);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static async IAsyncEnumerable<byte[]> HashesAsync(NpgsqlCommand command, [EnumeratorCancellation] CancellationToken ct)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                yield return reader.GetFieldValue<byte[]>(0);
            }
        }
    }

    private NpgsqlCommand Command(string sql) => new(sql, connection, transaction);
}
