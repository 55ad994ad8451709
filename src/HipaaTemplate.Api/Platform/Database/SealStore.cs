using System.Data;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace HipaaTemplate.Platform.Database;

/// <summary>The database as hipaa_sealer, which reads which events there are and adds to what is sealed.</summary>
internal sealed partial class SealStore(IOptions<DatabaseSettings> settings)
{
    private const string SealColumns = "heads, peaks, horizon, at, note";

    public async Task<SealWork> BeginAsync(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(settings.Value.SealerConnectionString());
        try
        {
            await connection.OpenAsync(ct);
            // One picture of the events and of what no open transaction can add any more.
            return new SealWork(connection, await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>What these events were sealed as; those that are not sealed are missing.</summary>
    public async Task<Dictionary<(TenantId Tenant, Guid Id), byte[]>> LeafHashesAsync(Guid[] events, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(settings.Value.SealerConnectionString());
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            $"SELECT log_tenant, event_id, leaf_hash FROM {AuditTables.Leaves} WHERE event_id = ANY (@events)", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("events", events));
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<(TenantId, Guid), byte[]> leaves = [];
        while (await reader.ReadAsync(ct))
        {
            leaves[(TenantId.From(reader.GetGuid(0)), reader.GetGuid(1))] = reader.GetFieldValue<byte[]>(2);
        }

        return leaves;
    }

    /// <summary>One transaction; what it adds is there all at once, or not at all.</summary>
    internal sealed class SealWork(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        /// <returns>False while somebody else is sealing.</returns>
        public Task<bool> TryLeadAsync(CancellationToken ct) => TryLockAsync(AdvisoryLocks.Sealing, ct);

        /// <returns>False while somebody else is anchoring.</returns>
        public Task<bool> TryAnchorAsync(CancellationToken ct) => TryLockAsync(AdvisoryLocks.Anchoring, ct);

        public async Task<Seal?> LastSealAsync(CancellationToken ct)
        {
            await using var command = Command($"SELECT {SealColumns} FROM {AuditTables.Seals} ORDER BY heads DESC LIMIT 1");
            return await ReadSealAsync(command, ct);
        }

        /// <summary>The newest seal of so many heads more, or the next one where it has more at once.</summary>
        public async Task<Seal> SealAsync(long after, long most, CancellationToken ct)
        {
            await using var command = Command($"""
                SELECT {SealColumns} FROM {AuditTables.Seals} WHERE heads > @after
                ORDER BY heads > @to, CASE WHEN heads > @to THEN heads ELSE -heads END LIMIT 1
                """);
            command.Parameters.Add(new NpgsqlParameter<long>("after", after));
            command.Parameters.Add(new NpgsqlParameter<long>("to", after + most));
            return await ReadSealAsync(command, ct) ?? throw new SealDamagedException("a seal is gone");
        }

        /// <summary>The first transaction that may still add events.</summary>
        public async Task<ulong> HorizonAsync(CancellationToken ct)
        {
            await using var command = Command("SELECT pg_snapshot_xmin(pg_current_snapshot())");
            return (ulong)(await command.ExecuteScalarAsync(ct))!;
        }

        /// <summary>
        /// Those that are not sealed, in the order of their transactions. That none is sealed twice is seen from
        /// the leaves, not from the numbers of transactions: a database that was restored elsewhere begins with others.
        /// </summary>
        public async Task<List<UnsealedEvent>> UnsealedAsync(ulong from, ulong horizon, int limit, CancellationToken ct)
        {
            await using var command = Command($"""
                SELECT e.tenant_id, e.id, e.at, e.leaf_hash, e.xid FROM {AuditTables.Events} e
                WHERE e.xid >= @from AND e.xid < @horizon AND NOT EXISTS (
                    SELECT FROM {AuditTables.Leaves} l WHERE l.log_tenant = e.tenant_id AND l.event_id = e.id)
                ORDER BY e.xid, e.id LIMIT {limit}
                """);
            command.Parameters.Add(new NpgsqlParameter("from", NpgsqlDbType.Xid8) { Value = from });
            command.Parameters.Add(new NpgsqlParameter("horizon", NpgsqlDbType.Xid8) { Value = horizon });
            await using var reader = await command.ExecuteReaderAsync(ct);
            List<UnsealedEvent> events = [];
            while (await reader.ReadAsync(ct))
            {
                events.Add(new UnsealedEvent(
                    TenantId.From(reader.GetGuid(0)), reader.GetGuid(1), reader.GetFieldValue<DateTimeOffset>(2),
                    reader.GetFieldValue<byte[]>(3), reader.GetFieldValue<ulong>(4)));
            }

            return events;
        }

        /// <summary>The newest head of each of these logs that has one.</summary>
        public async Task<Dictionary<AuditLog, SealedHead>> NewestHeadsAsync(IReadOnlyCollection<AuditLog> logs, CancellationToken ct)
        {
            await using var command = Command($"""
                SELECT h.head, h.log_tenant, h.log_month, h.size, h.root, h.peaks, h.leaf_hash
                FROM unnest(@tenants, @months) AS w (tenant, month)
                CROSS JOIN LATERAL (
                    SELECT * FROM {AuditTables.Heads} WHERE log_tenant = w.tenant AND log_month = w.month ORDER BY size DESC LIMIT 1) h
                """);
            command.Parameters.Add(new NpgsqlParameter<Guid[]>("tenants", [.. logs.Select(log => log.Tenant.Value)]));
            command.Parameters.Add(new NpgsqlParameter<DateOnly[]>("months", [.. logs.Select(log => log.Month)]));
            return (await HeadReader.ReadAsync(command, ct)).ToDictionary(head => head.Log);
        }

        /// <summary>What an anchor holds.</summary>
        public async Task<List<SealedHead>> HeadsAsync(long from, long to, CancellationToken ct)
        {
            await using var command = Command($"SELECT {HeadReader.Columns} FROM {AuditTables.Heads} WHERE head >= @from AND head < @to ORDER BY head");
            command.Parameters.Add(new NpgsqlParameter<long>("from", from));
            command.Parameters.Add(new NpgsqlParameter<long>("to", to));
            return await HeadReader.ReadAsync(command, ct);
        }

        public async Task AddAsync(IReadOnlyCollection<SealedLeaf> leaves, IReadOnlyCollection<SealedHead> heads, Seal seal, CancellationToken ct)
        {
            await using var addLeaves = Command($"""
                INSERT INTO {AuditTables.Leaves} (log_tenant, log_month, leaf, event_id, leaf_hash)
                SELECT * FROM unnest(@tenants, @months, @leaves, @events, @hashes)
                """);
            addLeaves.Parameters.Add(new NpgsqlParameter<Guid[]>("tenants", [.. leaves.Select(leaf => leaf.Log.Tenant.Value)]));
            addLeaves.Parameters.Add(new NpgsqlParameter<DateOnly[]>("months", [.. leaves.Select(leaf => leaf.Log.Month)]));
            addLeaves.Parameters.Add(new NpgsqlParameter<long[]>("leaves", [.. leaves.Select(leaf => leaf.Leaf)]));
            addLeaves.Parameters.Add(new NpgsqlParameter<Guid[]>("events", [.. leaves.Select(leaf => leaf.Event.Id)]));
            addLeaves.Parameters.Add(new NpgsqlParameter<byte[][]>("hashes", [.. leaves.Select(leaf => leaf.Event.LeafHash)]));
            await addLeaves.ExecuteNonQueryAsync(ct);

            foreach (var head in heads)
            {
                await using var addHead = Command($"""
                    INSERT INTO {AuditTables.Heads} ({HeadReader.Columns}) VALUES (@head, @tenant, @month, @size, @root, @peaks, @leaf_hash)
                    """);
                addHead.Parameters.Add(new NpgsqlParameter<long>("head", head.Number));
                addHead.Parameters.Add(new NpgsqlParameter<Guid>("tenant", head.Log.Tenant.Value));
                addHead.Parameters.Add(new NpgsqlParameter<DateOnly>("month", head.Log.Month));
                addHead.Parameters.Add(new NpgsqlParameter<long>("size", head.Size));
                addHead.Parameters.Add(new NpgsqlParameter<byte[]>("root", head.Root));
                addHead.Parameters.Add(new NpgsqlParameter<byte[][]>("peaks", head.Peaks));
                addHead.Parameters.Add(new NpgsqlParameter<byte[]>("leaf_hash", head.LeafHash));
                await addHead.ExecuteNonQueryAsync(ct);
            }

            await using var addSeal = Command($"INSERT INTO {AuditTables.Seals} (heads, peaks, horizon, at, note) VALUES (@heads, @peaks, @horizon, @at, @note)");
            addSeal.Parameters.Add(new NpgsqlParameter<long>("heads", seal.Heads));
            addSeal.Parameters.Add(new NpgsqlParameter<byte[][]>("peaks", seal.Peaks));
            addSeal.Parameters.Add(new NpgsqlParameter("horizon", NpgsqlDbType.Xid8) { Value = seal.Horizon });
            addSeal.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("at", seal.At));
            addSeal.Parameters.Add(new NpgsqlParameter<string>("note", seal.Note));
            await addSeal.ExecuteNonQueryAsync(ct);
        }

        public Task CommitAsync(CancellationToken ct) => transaction.CommitAsync(ct);

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }

        private static async Task<Seal?> ReadSealAsync(NpgsqlCommand command, CancellationToken ct)
        {
            await using var reader = await command.ExecuteReaderAsync(ct);
            return await reader.ReadAsync(ct)
                ? new Seal(reader.GetInt64(0), reader.GetFieldValue<byte[][]>(1), reader.GetFieldValue<ulong>(2), reader.GetFieldValue<DateTimeOffset>(3), reader.GetString(4))
                : null;
        }

        private async Task<bool> TryLockAsync(long id, CancellationToken ct)
        {
            await using var command = Command($"SELECT pg_try_advisory_xact_lock({id})");
            return await command.ExecuteScalarAsync(ct) is true;
        }

        private NpgsqlCommand Command(string sql) => new(sql, connection, transaction);
    }
}
