using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>A rule of isolation that the live database breaks.</summary>
/// <param name="Rule">The rule, as a statement of what is wrong.</param>
/// <param name="Subject">The table, index, constraint, function or role.</param>
internal sealed record IsolationViolation(string Rule, string Subject);

/// <summary>
/// Compares the catalogue of a live database with what row-level security needs. It only reads, and
/// any role may run it: the catalogue is readable by all.
/// </summary>
internal static partial class IsolationAudit
{
    public static async Task<IReadOnlyList<IsolationViolation>> RunAsync(
        NpgsqlConnection connection, IModel model, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.AddWithValue("tenant_tables", TablesWith(model, TableAccess.Tenant));
        command.Parameters.AddWithValue("global_tables", GlobalTables(model));
        command.Parameters.AddWithValue("model_columns", ColumnsOf(model));
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<IsolationViolation> violations = [];
        while (await reader.ReadAsync(ct))
        {
            violations.Add(new IsolationViolation(reader.GetString(0), reader.GetString(1)));
        }

        return violations;
    }

    /// <summary>Qualified names of the model's tables with this access.</summary>
    public static string[] TablesWith(IModel model, string access) =>
    [
        .. from entity in model.GetEntityTypes()
           where entity.FindAnnotation(TableAccess.Annotation)?.Value is string value && value == access
           select QualifiedName(entity),
    ];

    // The history of migrations is EF Core's own table; the API reads it to know that it is current.
    private static string[] GlobalTables(IModel model) =>
    [
        .. TablesWith(model, TableAccess.GlobalReadOnly),
        $"{DatabaseRoles.AppSchema}.{DatabaseRoles.MigrationsTable}",
    ];

    private static string[] ColumnsOf(IModel model) =>
    [
        .. from entity in model.GetEntityTypes()
           from property in entity.GetProperties()
           select $"{QualifiedName(entity)}.{property.GetColumnName()}",
    ];

    private static string QualifiedName(IReadOnlyEntityType entity) =>
        $"{entity.GetSchema() ?? entity.Model.GetDefaultSchema()}.{entity.GetTableName()}";
}
