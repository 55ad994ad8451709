using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>A rule of isolation that the live database breaks.</summary>
/// <param name="Rule">The rule, as a statement of what is wrong.</param>
/// <param name="Subject">The table, column, index, constraint, function or role.</param>
internal sealed record IsolationViolation(string Rule, string Subject);

/// <summary>
/// Compares the catalogue of a live database with what row-level security needs. It only reads, and
/// any role may run it: the catalogue is readable by all.
/// </summary>
internal static partial class IsolationAudit
{
    public static async Task<IReadOnlyList<IsolationViolation>> RunAsync(
        NpgsqlConnection connection, IsolationPromise promise, CancellationToken ct)
    {
        var shape = await DatabaseShape.ReadAsync(
            connection, IsolationPromise.Schemas, IsolationPromise.TablesApart, ct);
        List<IsolationViolation> violations =
        [
            .. promise.Shape.Except(shape).Select(line => new IsolationViolation("the database lacks", line)),
            .. shape.Except(promise.Shape).Select(line => new IsolationViolation("the model does not have", line)),
        ];

        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddWithValue("schemas", IsolationPromise.Schemas);
        command.Parameters.AddWithValue("tenant_tables", promise.TenantTables);
        command.Parameters.AddWithValue("append_tables", promise.AppendTables);
        command.Parameters.AddWithValue("insert_tables", IsolationPromise.InsertTables);
        command.Parameters.AddWithValue("reviewed_tables", AuditTables.Reviewed);
        command.Parameters.AddWithValue("global_tables", promise.GlobalTables);
        command.Parameters.AddWithValue("expiring_tables", promise.ExpiringTables);
        command.Parameters.AddWithValue("tenant_function", promise.Function.Body);
        command.Parameters.AddWithValue("tenant_function_is_definer", promise.Function.RunsAsOwner);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            violations.Add(new IsolationViolation(reader.GetString(0), reader.GetString(1)));
        }

        return violations;
    }
}
