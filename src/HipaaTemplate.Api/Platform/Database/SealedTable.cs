using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// A table with rows under patients' keys. Asked of the database, not of the EF model: a feature that was
/// deleted leaves its tables (decision 0006), and their hashes must go as well.
/// </summary>
internal sealed class SealedTable
{
    // The names that PhiModel gives to the columns of blind indexes.
    private const string Sql = $"""
        SELECT format('%s.%s', n.nspname, c.relname), format('%I.%I', n.nspname, c.relname), ARRAY(
            SELECT quote_ident(attname) FROM pg_attribute
            WHERE attrelid = c.oid AND NOT attisdropped AND atttypid = 'bytea'::regtype AND attname ~ '_index_[ab]$')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE EXISTS (
            SELECT FROM pg_constraint con
            WHERE con.conrelid = c.oid AND con.contype = 'f' AND con.confrelid = '{ErasureGuard.SubjectKeys}'::regclass)
        ORDER BY 1
        """;

    private readonly string table;
    private readonly string[] indexes;

    private SealedTable(string name, string table, string[] indexes)
    {
        Name = name;
        this.table = table;
        this.indexes = indexes;
    }

    /// <summary>Qualified, for people.</summary>
    public string Name { get; }

    /// <param name="db">As the owner.</param>
    /// <param name="ct">To stop.</param>
    public static async Task<List<SealedTable>> AllAsync(AppDbContext db, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Sql, (NpgsqlConnection)db.Database.GetDbConnection());
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<SealedTable> tables = [];
        while (await reader.ReadAsync(ct))
        {
            tables.Add(new SealedTable(reader.GetString(0), reader.GetString(1), reader.GetFieldValue<string[]>(2)));
        }

        return tables;
    }

    /// <summary>
    /// Takes the hashes out of the blind indexes of rows under these keys, removed rows too. They hang off the
    /// tenant's key and would confirm a guess after the patient's is gone.
    /// </summary>
    /// <param name="db">As the owner, in the tenant and in a transaction.</param>
    /// <param name="keys">Those that are being destroyed.</param>
    /// <param name="ct">To stop.</param>
    /// <returns>How many rows there are, and hashes there were.</returns>
    public async Task<(long Rows, long Values)> ClearIndexesAsync(AppDbContext db, KeySelection keys, CancellationToken ct)
    {
        // Each row is written, indexed or not: whoever read it before and saves it later is then too late.
        var set = indexes.Length == 0 ? "subject_key_id = t.subject_key_id" : string.Join(", ", indexes.Select(column => $"{column} = NULL"));
        await using var command = new NpgsqlCommand($"""
            WITH found AS (
                SELECT id, {(indexes.Length == 0 ? "0" : $"num_nonnulls({string.Join(", ", indexes)})")} AS hashes
                FROM {table} WHERE tenant_id = @tenant AND subject_key_id IN ({KeySelection.Ids}) FOR UPDATE
            ), cleared AS (
                UPDATE {table} t SET {set} FROM found WHERE t.tenant_id = @tenant AND t.id = found.id
            )
            SELECT count(*), coalesce(sum(hashes), 0)::bigint FROM found
            """, (NpgsqlConnection)db.Database.GetDbConnection());
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", db.TenantId.Value));
        keys.AddTo(command);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
