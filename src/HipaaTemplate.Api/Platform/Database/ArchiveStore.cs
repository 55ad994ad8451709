using HipaaTemplate.Platform.Auditing.Retention;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Which logs there are, archived or destroyed, as hipaa_auditor reads it. What is archived hipaa_sealer adds, who
/// takes nothing back.
/// </summary>
internal sealed class ArchiveStore(IOptions<DatabaseSettings> settings)
{
    /// <summary>All logs that are not destroyed, the oldest first. Heads are many, so it goes from one log to the next by the index.</summary>
    public Task<List<KeptLog>> LogsAsync(CancellationToken ct) => ReadAsync(
        $"""
        WITH RECURSIVE logs AS (
            (SELECT log_tenant, log_month FROM {AuditTables.Heads} ORDER BY log_tenant, log_month LIMIT 1)
            UNION ALL
            SELECT n.log_tenant, n.log_month FROM logs CROSS JOIN LATERAL (
                SELECT log_tenant, log_month FROM {AuditTables.Heads} h
                WHERE (h.log_tenant, h.log_month) > (logs.log_tenant, logs.log_month)
                ORDER BY log_tenant, log_month LIMIT 1) n
        )
        SELECT l.log_tenant, l.log_month, h.size, h.root, a.name, a.sha256, r.years
        FROM logs l
        CROSS JOIN LATERAL (
            SELECT size, root FROM {AuditTables.Heads}
            WHERE log_tenant = l.log_tenant AND log_month = l.log_month ORDER BY size DESC LIMIT 1) h
        LEFT JOIN {AuditTables.Archives} a
            ON a.log_tenant = l.log_tenant AND a.log_month = l.log_month AND a.size = h.size AND a.root = h.root
        LEFT JOIN {AuditTables.Retention} r ON r.log_tenant = l.log_tenant
        WHERE NOT EXISTS (
            SELECT FROM {AuditTables.Destroyed} d WHERE d.log_tenant = l.log_tenant AND d.log_month = l.log_month)
        ORDER BY l.log_month, l.log_tenant
        """,
        [],
        reader => new KeptLog(
            LogOf(reader),
            reader.GetInt64(2),
            reader.GetFieldValue<byte[]>(3),
            reader.IsDBNull(4) ? null : new ArchivedFile(reader.GetString(4), reader.GetFieldValue<byte[]>(5)),
            reader.IsDBNull(6) ? null : reader.GetInt32(6)),
        ct);

    /// <summary>Whether each of its events is a leaf.</summary>
    public async Task<bool> IsSealedAsync(AuditLog log, CancellationToken ct)
    {
        var found = await ReadAsync(
            $"""
            SELECT NOT EXISTS (
                SELECT FROM {AuditTables.Events} e WHERE e.tenant_id = @tenant AND e.id >= @from AND e.id < @to AND NOT EXISTS (
                    SELECT FROM {AuditTables.Leaves} l WHERE l.log_tenant = e.tenant_id AND l.event_id = e.id))
            """,
            ParametersOf(log),
            reader => reader.GetBoolean(0),
            ct);
        return found[0];
    }

    public async Task<DestroyedLog?> FindDestroyedAsync(AuditLog log, CancellationToken ct)
    {
        var found = await ReadAsync(
            $"""
            SELECT log_tenant, log_month, size, root, name, sha256, destroyed_at FROM {AuditTables.Destroyed}
            WHERE log_tenant = @tenant AND log_month = @month
            """,
            ParametersOf(log),
            reader => new DestroyedLog(
                LogOf(reader), reader.GetInt64(2), reader.GetFieldValue<byte[]>(3),
                new ArchivedFile(reader.GetString(4), reader.GetFieldValue<byte[]>(5)), reader.GetFieldValue<DateTimeOffset>(6)),
            ct);
        return found.SingleOrDefault();
    }

    /// <summary>Terms of their own.</summary>
    public Task<List<(TenantId Tenant, int Years)>> YearsAsync(CancellationToken ct) => ReadAsync(
        $"SELECT log_tenant, years FROM {AuditTables.Retention} ORDER BY log_tenant",
        [],
        reader => (TenantId.From(reader.GetGuid(0)), reader.GetInt32(1)),
        ct);

    /// <summary>Destroyed logs of which there may be rows.</summary>
    public Task<List<AuditLog>> ToRemoveAsync(CancellationToken ct) => ReadAsync(
        $"SELECT log_tenant, log_month FROM {AuditTables.Destroyed} WHERE NOT is_removed ORDER BY log_month, log_tenant", [], LogOf, ct);

    /// <summary>Months with a destroyed log that still have partitions.</summary>
    public Task<List<DateOnly>> MonthsToDropAsync(CancellationToken ct) => ReadAsync(
        $"""
        SELECT DISTINCT d.log_month FROM {AuditTables.Destroyed} d
        WHERE to_regclass('{AuditTables.Events}_' || to_char(d.log_month, 'YYYY_MM')) IS NOT NULL ORDER BY 1
        """,
        [],
        reader => reader.GetFieldValue<DateOnly>(0),
        ct);

    /// <summary>Whether the month has events of destroyed logs and no others, not even later ones of the same logs.</summary>
    public async Task<bool> IsOnlyDestroyedAsync(DateOnly month, CancellationToken ct)
    {
        var found = await ReadAsync(
            $"""
            SELECT NOT EXISTS (
                SELECT FROM {AuditTables.Events} e WHERE e.id >= @from AND e.id < @to AND NOT EXISTS (
                    SELECT FROM {AuditTables.Destroyed} d
                    JOIN {AuditTables.Leaves} l ON l.log_tenant = d.log_tenant AND l.event_id = e.id AND l.leaf < d.size
                    WHERE d.log_tenant = e.tenant_id AND d.log_month = @month))
            """,
            ParametersOf(new AuditLog(Auditing.AuditEntry.Platform, month)),
            reader => reader.GetBoolean(0),
            ct);
        return found[0];
    }

    public async Task AddAsync(KeptLog log, ArchivedFile file, DateTimeOffset at, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(settings.Value.SealerConnectionString());
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            $"""
            INSERT INTO {AuditTables.Archives} (log_tenant, log_month, size, root, name, sha256, archived_at)
            VALUES (@tenant, @month, @size, @root, @name, @sha256, @at) ON CONFLICT DO NOTHING
            """,
            connection);
        command.Parameters.AddRange(ParametersOf(log.Log));
        command.Parameters.Add(new NpgsqlParameter<long>("size", log.Size));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("root", log.Root));
        command.Parameters.Add(new NpgsqlParameter<string>("name", file.Name));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("sha256", file.Sha256));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("at", at));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Its tenant, its month, and between which ids its events are.</summary>
    public static NpgsqlParameter[] ParametersOf(AuditLog log) =>
    [
        new NpgsqlParameter<Guid>("tenant", log.Tenant.Value),
        new NpgsqlParameter<DateOnly>("month", log.Month),
        new NpgsqlParameter<Guid>("from", FirstId(log.Begin)),
        new NpgsqlParameter<Guid>("to", FirstId(log.End)),
    ];

    /// <summary>As <c>audit.first_id</c>.</summary>
    private static Guid FirstId(DateTimeOffset at) => new(
        Convert.FromHexString($"{at.ToUnixTimeMilliseconds():x12}{new string('0', 20)}"), bigEndian: true);

    private static AuditLog LogOf(NpgsqlDataReader reader) => new(TenantId.From(reader.GetGuid(0)), reader.GetFieldValue<DateOnly>(1));

    private async Task<List<T>> ReadAsync<T>(string sql, NpgsqlParameter[] parameters, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(settings.Value.AuditorConnectionString());
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<T> rows = [];
        while (await reader.ReadAsync(ct))
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
