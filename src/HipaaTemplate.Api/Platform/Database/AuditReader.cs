using System.Data;
using System.Runtime.CompilerServices;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <param name="Stamped">The event, with its MAC.</param>
/// <param name="Leaf">Its place in its log; null while it is not sealed.</param>
internal sealed record StoredEvent(StampedEntry Stamped, long? Leaf);

/// <summary>The audit trail as hipaa_auditor reads it, in one picture of the database.</summary>
internal sealed class AuditReader : IAsyncDisposable
{
    private const string Columns = """
        e.tenant_id, e.id, e.at, e.writer, e.number, e.void, e.action, e.outcome, e.code, e.actor_type, e.actor, e.session, e.address,
        e.purpose, e.endpoint, e.request, e.trace, e.detail, e.patients, e.records::text, e.key_version, e.mac, e.leaf_hash, l.leaf
        """;

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
            return new AuditReader(auditor, await auditor.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct));
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
            SELECT {Columns} FROM {AuditTables.Events} e
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
            yield return Read(reader);
        }
    }

    /// <summary>The events of a tenant that are about one patient, in the order of time.</summary>
    public async IAsyncEnumerable<AuditEntry> EventsOfAsync(
        TenantId tenant, Guid patient, DateTimeOffset from, DateTimeOffset to, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command($"""
            SELECT {Columns} FROM {AuditTables.Events} e
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
            yield return Read(reader).Stamped.Entry;
        }
    }

    public async Task<StoredEvent?> FindEventAsync(TenantId tenant, Guid id, CancellationToken ct)
    {
        await using var command = Command($"""
            SELECT {Columns} FROM {AuditTables.Events} e
            LEFT JOIN {AuditTables.Leaves} l ON l.log_tenant = e.tenant_id AND l.event_id = e.id
            WHERE e.tenant_id = @tenant AND e.id = @id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? Read(reader) : null;
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

    private static StoredEvent Read(NpgsqlDataReader reader) => new(
        new StampedEntry(
            new AuditEntry
            {
                Tenant = TenantId.From(reader.GetGuid(0)),
                Id = reader.GetGuid(1),
                At = reader.GetFieldValue<DateTimeOffset>(2),
                Writer = reader.GetGuid(3),
                Number = reader.GetInt64(4),
                Void = reader.GetFieldValue<long[]>(5),
                Action = reader.GetString(6),
                Outcome = reader.GetString(7),
                Code = Text(reader, 8),
                ActorType = reader.GetString(9),
                Actor = Text(reader, 10),
                Session = Text(reader, 11),
                Address = Text(reader, 12),
                Purpose = Text(reader, 13),
                Endpoint = Text(reader, 14),
                Request = Text(reader, 15),
                Trace = Text(reader, 16),
                Detail = Text(reader, 17),
                Patients = reader.GetFieldValue<Guid[]>(18),
                Records =
                [
                    .. from record in JsonSerializer.Deserialize<JsonElement[][]>(reader.GetString(19))!
                       select new AuditedRecord(record[0].GetString()![0], record[1].GetInt32(), record[2].GetGuid()),
                ],
                KeyVersion = reader.GetInt32(20),
            },
            reader.GetFieldValue<byte[]>(21),
            reader.GetFieldValue<byte[]>(22)),
        reader.IsDBNull(23) ? null : reader.GetInt64(23));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private NpgsqlCommand Command(string sql) => new(sql, connection, transaction);
}
