using System.Globalization;
using HipaaTemplate.Platform.Auditing.Retention;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>Removes rows of the audit trail as hipaa_owner, in the scope of the tenant whose they are: policies bind it too.</summary>
internal sealed class RemovalStore(IOptions<DatabaseSettings> settings)
{
    /// <summary>So that a transaction is short: nothing is sealed past one that is open.</summary>
    private const int MostAtOnce = 10_000;

    /// <summary>Of the audit trail's tables those that have a partition a month, and by which column. Asked of the catalogue: none can be forgotten.</summary>
    private const string Partitioned = $"""
        SELECT c.oid::regclass::text, a.attname::text FROM pg_partitioned_table p
        JOIN pg_class c ON c.oid = p.partrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
        WHERE c.relnamespace = '{AuditTables.Schema}'::regnamespace ORDER BY 1 DESC
        """;

    /// <summary>Whether nothing came since it was archived. Reads only.</summary>
    public static async Task<bool> IsAsArchivedAsync(AppDbContext db, KeptLog log, CancellationToken ct)
    {
        await using var command = CommandOf(db, log.Log, $"""
            SELECT NOT EXISTS (
                    SELECT FROM {AuditTables.Heads} WHERE log_tenant = @tenant AND log_month = @month AND size > @size)
                AND NOT EXISTS (
                    SELECT FROM {AuditTables.Events} e WHERE e.tenant_id = @tenant AND e.id >= @from AND e.id < @to AND NOT EXISTS (
                        SELECT FROM {AuditTables.Leaves} l WHERE l.log_tenant = e.tenant_id AND l.event_id = e.id))
            """);
        command.Parameters.Add(new NpgsqlParameter<long>("size", log.Size));
        return await command.ExecuteScalarAsync(ct) is true;
    }

    /// <returns>False when somebody else was first.</returns>
    public static async Task<bool> TryMarkAsync(AppDbContext db, KeptLog log, ArchivedFile file, DateTimeOffset at, CancellationToken ct)
    {
        await using var command = CommandOf(db, log.Log, $"""
            INSERT INTO {AuditTables.Destroyed} (log_tenant, log_month, size, root, name, sha256, destroyed_at)
            VALUES (@tenant, @month, @size, @root, @name, @sha256, @at) ON CONFLICT DO NOTHING
            """);
        command.Parameters.Add(new NpgsqlParameter<long>("size", log.Size));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("root", log.Root));
        command.Parameters.Add(new NpgsqlParameter<string>("name", file.Name));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("sha256", file.Sha256));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("at", at));
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    /// <summary>
    /// A step of it, of a log that is destroyed. Leaves go last: an event without one would be taken for one that is
    /// not sealed yet.
    /// </summary>
    /// <returns>Whether there is more.</returns>
    public static async Task<bool> RemoveSomeAsync(AppDbContext db, AuditLog log, CancellationToken ct)
    {
        foreach (var (table, column) in await PartitionedAsync(db, ct))
        {
            var own = $"""
                FROM {table} WHERE tenant_id = @tenant AND {column} >= @from AND {column} < @to AND EXISTS (
                    SELECT FROM {AuditTables.Leaves} l JOIN {AuditTables.Destroyed} d USING (log_tenant, log_month)
                    WHERE l.log_tenant = @tenant AND l.event_id = {column} AND l.leaf < d.size)
                """;
            if (await RunAsync(db, log, $"""
                DELETE {own} AND {column} <= coalesce((SELECT {column} {own} ORDER BY {column} OFFSET {MostAtOnce - 1} LIMIT 1), @to)
                """, ct) > 0)
            {
                return true;
            }
        }

        if (await RunAsync(db, log, $"""
            DELETE FROM {AuditTables.Leaves} WHERE log_tenant = @tenant AND log_month = @month
                AND leaf < (SELECT size FROM {AuditTables.Destroyed} WHERE log_tenant = @tenant AND log_month = @month)
                AND leaf < {MostAtOnce} + (SELECT min(leaf) FROM {AuditTables.Leaves} WHERE log_tenant = @tenant AND log_month = @month)
            """, ct) > 0)
        {
            return true;
        }

        await RunAsync(db, log, $"UPDATE {AuditTables.Destroyed} SET is_removed = true WHERE log_tenant = @tenant AND log_month = @month", ct);
        return false;
    }

    public static async Task SetYearsAsync(AppDbContext db, TenantId tenant, int years, DateTimeOffset at, CancellationToken ct)
    {
        await using var command = CommandOf(db, $"""
            INSERT INTO {AuditTables.Retention} (log_tenant, years, set_at) VALUES (@tenant, @years, @at)
            ON CONFLICT (log_tenant) DO UPDATE SET years = @years, set_at = @at
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<int>("years", years));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("at", at));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// Drops a month's partitions. It needs a lock that events wait behind, so it waits for it a moment only; the API does not notice.
    /// </summary>
    /// <returns>False when somebody was at them.</returns>
    public async Task<bool> TryDropAsync(DateOnly month, CancellationToken ct)
    {
        await using var owner = new NpgsqlConnection(settings.Value.OwnerConnectionString());
        await owner.OpenAsync(ct);
        await using var transaction = await owner.BeginTransactionAsync(ct);
        try
        {
            var tables = await PartitionedAsync(owner, transaction, ct);
            var names = tables.Select(one => $"{one.Table}_{month.ToString("yyyy_MM", CultureInfo.InvariantCulture)}");
            await using var drop = new NpgsqlCommand(
                $"SET LOCAL lock_timeout = '200ms'; DROP TABLE IF EXISTS {string.Join(", ", names)}", owner, transaction);
            await drop.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
            return true;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            return false;
        }
    }

    private static Task<List<(string Table, string Column)>> PartitionedAsync(AppDbContext db, CancellationToken ct)
    {
        var transaction = (NpgsqlTransaction)db.Database.CurrentTransaction!.GetDbTransaction();
        return PartitionedAsync(transaction.Connection!, transaction, ct);
    }

    private static async Task<List<(string Table, string Column)>> PartitionedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Partitioned, connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<(string, string)> tables = [];
        while (await reader.ReadAsync(ct))
        {
            tables.Add((reader.GetString(0), reader.GetString(1)));
        }

        return tables;
    }

    private static async Task<int> RunAsync(AppDbContext db, AuditLog log, string sql, CancellationToken ct)
    {
        await using var command = CommandOf(db, log, sql);
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlCommand CommandOf(AppDbContext db, AuditLog log, string sql)
    {
        var command = CommandOf(db, sql);
        command.Parameters.AddRange(ArchiveStore.ParametersOf(log));
        return command;
    }

    private static NpgsqlCommand CommandOf(AppDbContext db, string sql)
    {
        var transaction = (NpgsqlTransaction)db.Database.CurrentTransaction!.GetDbTransaction();
        return new NpgsqlCommand(sql, transaction.Connection, transaction);
    }
}
