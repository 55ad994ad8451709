using HipaaTemplate.Platform.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace HipaaTemplate.Platform.Database;

/// <param name="Seen">xmin of the row when it was read: another one is another version of the row.</param>
/// <param name="Values">One for each column.</param>
internal sealed record RowRewrite(Guid Id, uint Seen, Guid SubjectKeyId, IReadOnlyList<byte[]?> Values);

/// <summary>
/// Rewrites sealed columns of many rows in one statement, as the API's role, without getting into anybody's
/// way: a row that somebody holds is passed over, and one that changed since it was read is left alone.
/// </summary>
internal sealed class RowRewriter(AppDatabase database, ITenantScopeSql scopeSql, TimeProvider time)
{
    /// <summary>Few, because so long a writer of one of them waits.</summary>
    public const int RowsAtOnce = 25;

    /// <summary>Requests have the machines to themselves for three quarters of the time.</summary>
    /// <param name="began">Timestamp of the work that is done.</param>
    /// <param name="ct">To stop.</param>
    public Task PauseAsync(long began, CancellationToken ct) => Task.Delay(3 * time.GetElapsedTime(began), time, ct);

    /// <summary>xmin of rows. Asked before the rows themselves are read, so that it is never too new.</summary>
    public async Task<Dictionary<Guid, uint>> SeenAsync(TenantId tenant, string table, Guid[] ids, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = new NpgsqlCommand($"SELECT id, xmin FROM {table} WHERE tenant_id = @tenant AND id = ANY (@ids)", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", ids));
        var scope = scopeSql.For(tenant);
        scope.PutBefore(command);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await scope.SkipResultAsync(reader, ct);
        Dictionary<Guid, uint> seen = [];
        while (await reader.ReadAsync(ct))
        {
            seen[reader.GetGuid(0)] = reader.GetFieldValue<uint>(1);
        }

        return seen;
    }

    /// <param name="tenant">Whose rows.</param>
    /// <param name="table">Qualified and quoted.</param>
    /// <param name="columns">Quoted, in the order of the values.</param>
    /// <param name="rows">Those to rewrite.</param>
    /// <param name="ct">To stop.</param>
    /// <returns>How many were.</returns>
    public async Task<int> RewriteAsync(
        TenantId tenant, string table, IReadOnlyList<string> columns, IReadOnlyList<RowRewrite> rows, CancellationToken ct)
    {
        var values = columns.Select((_, i) => $"c{i}").ToList();
        await using var connection = await database.OpenAsync(ct);
        await using var command = new NpgsqlCommand($"""
            WITH wanted AS (
                SELECT * FROM unnest(@ids, @seen, @keys{string.Concat(values.Select(value => $", @{value}"))})
                    AS w (id, seen, subject_key_id{string.Concat(values.Select(value => $", {value}"))})
            ), free AS (
                SELECT t.id FROM {table} t JOIN wanted w ON w.id = t.id AND w.seen = t.xmin
                WHERE t.tenant_id = @tenant FOR UPDATE OF t SKIP LOCKED
            )
            UPDATE {table} t SET subject_key_id = w.subject_key_id{string.Concat(columns.Zip(values, (column, value) => $", {column} = w.{value}"))}
            FROM wanted w JOIN free USING (id)
            WHERE t.tenant_id = @tenant AND t.id = w.id AND t.xmin = w.seen
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. rows.Select(row => row.Id)]));
        command.Parameters.Add(new NpgsqlParameter("seen", NpgsqlDbType.Array | NpgsqlDbType.Xid) { Value = rows.Select(row => row.Seen).ToArray() });
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("keys", [.. rows.Select(row => row.SubjectKeyId)]));
        for (var i = 0; i < values.Count; i++)
        {
            command.Parameters.Add(new NpgsqlParameter(values[i], NpgsqlDbType.Array | NpgsqlDbType.Bytea)
            {
                Value = rows.Select(row => row.Values[i]).ToArray(),
            });
        }

        // A SELECT adds nothing to the count of rows affected.
        scopeSql.For(tenant).PutBefore(command);
        return Math.Max(0, await command.ExecuteNonQueryAsync(ct));
    }

    /// <summary>Empties a column, as few rows at a time and with as long a pause between them as sealing anew.</summary>
    public async Task ClearAsync(TenantId tenant, string table, string column, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        int cleared;
        do
        {
            var began = time.GetTimestamp();
            await using var command = new NpgsqlCommand($"""
                UPDATE {table} t SET {column} = NULL FROM (
                    SELECT id FROM {table} WHERE tenant_id = @tenant AND {column} IS NOT NULL LIMIT {RowsAtOnce} FOR UPDATE SKIP LOCKED) free
                WHERE t.tenant_id = @tenant AND t.id = free.id
                """, connection);
            command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
            scopeSql.For(tenant).PutBefore(command);
            cleared = await command.ExecuteNonQueryAsync(ct);
            await PauseAsync(began, ct);
        }
        while (cleared == RowsAtOnce);
    }
}
