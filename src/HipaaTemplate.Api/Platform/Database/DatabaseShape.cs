using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Tables, columns, keys and references as lines of text, from the EF model on one side and from the
/// catalogue on the other, so that what only one of them has can be named.
/// </summary>
internal static class DatabaseShape
{
    public static IEnumerable<string> Of(ITable table)
    {
        var name = $"{table.Schema}.{table.Name}";
        foreach (var column in table.Columns)
        {
            var isNullable = column.IsNullable ? "" : " NOT NULL";
            var hasDefault = column.DefaultValueSql is null && column.DefaultValue is null ? "" : " DEFAULT";
            yield return $"column {name}.{column.Name} {column.StoreType}{isNullable}{hasDefault}";
        }

        foreach (var key in table.UniqueConstraints)
        {
            yield return $"{(key.GetIsPrimaryKey() ? "primary key" : "unique")} {name} ({Names(key.Columns)})";
        }

        foreach (var index in table.Indexes.Where(index => index.IsUnique))
        {
            yield return $"unique {name} ({Names(index.Columns)}){(index.Filter is null ? "" : " WHERE")}";
        }

        foreach (var reference in table.ForeignKeyConstraints)
        {
            var principal = $"{reference.PrincipalTable.Schema}.{reference.PrincipalTable.Name}";
            yield return $"reference {name} ({Names(reference.Columns)}) to {principal} ({Names(reference.PrincipalColumns)})";
        }
    }

    /// <param name="connection">Of any role.</param>
    /// <param name="schemas">Whose tables are meant.</param>
    /// <param name="apart">Qualified names of tables that no model knows, such as the history of migrations.</param>
    public static async Task<IReadOnlyList<string>> ReadAsync(
        NpgsqlConnection connection, string[] schemas, string[] apart, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddWithValue("schemas", schemas);
        command.Parameters.AddWithValue("apart", apart);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> lines = [];
        while (await reader.ReadAsync(ct))
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }

    private static string Names(IEnumerable<IColumnBase> columns) => string.Join(", ", columns.Select(column => column.Name));

    private const string Sql = """
        WITH tables AS (
            SELECT c.oid, n.nspname || '.' || c.relname AS name
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY (@schemas) AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
                AND n.nspname || '.' || c.relname <> ALL (@apart)
        ), names AS (
            SELECT t.oid, t.name, a.attnum, a.attname FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid
        )
        SELECT 'column ' || t.name || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                || CASE WHEN a.atthasdef THEN ' DEFAULT' ELSE '' END
                || CASE WHEN a.attidentity <> '' THEN ' IDENTITY' ELSE '' END
            FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL SELECT CASE WHEN i.indisprimary THEN 'primary key ' ELSE 'unique ' END || t.name || ' ('
                || (SELECT string_agg(coalesce(n.attname, 'expression'), ', ' ORDER BY k.position)
                    FROM unnest(i.indkey) WITH ORDINALITY k(attnum, position)
                    LEFT JOIN names n ON n.oid = t.oid AND n.attnum = k.attnum
                    WHERE k.position <= i.indnkeyatts)
                || ')' || CASE WHEN i.indpred IS NULL THEN '' ELSE ' WHERE' END
            FROM tables t JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique
        UNION ALL SELECT 'reference ' || t.name || ' ('
                || (SELECT string_agg(n.attname, ', ' ORDER BY k.position)
                    FROM unnest(f.conkey) WITH ORDINALITY k(attnum, position)
                    JOIN names n ON n.oid = f.conrelid AND n.attnum = k.attnum)
                || ') to ' || p.name || ' ('
                || (SELECT string_agg(n.attname, ', ' ORDER BY k.position)
                    FROM unnest(f.confkey) WITH ORDINALITY k(attnum, position)
                    JOIN names n ON n.oid = f.confrelid AND n.attnum = k.attnum) || ')'
            FROM tables t JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'
            JOIN tables p ON p.oid = f.confrelid
        """;
}
