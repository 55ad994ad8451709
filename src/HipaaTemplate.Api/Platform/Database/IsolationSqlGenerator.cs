using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure.Internal;
using Npgsql.EntityFrameworkCore.PostgreSQL.Migrations;

namespace HipaaTemplate.Platform.Database;

#pragma warning disable EF1001 // The provider's options type is public only in name; the base class asks for it.

/// <summary>
/// Adds to every table that a migration creates what its <see cref="TableAccess"/> asks for: forced
/// row-level security, the tenant policy, the API role's grants. A table without the annotation
/// gets no grant, so the API cannot touch it.
/// </summary>
internal sealed class IsolationSqlGenerator(
    MigrationsSqlGeneratorDependencies dependencies, INpgsqlSingletonOptions npgsqlOptions)
    : NpgsqlMigrationsSqlGenerator(dependencies, npgsqlOptions)
{
    public const string PolicyName = "tenant_isolation";

    protected override void Generate(
        CreateTableOperation operation,
        IModel? model,
        MigrationCommandListBuilder builder,
        bool terminate = true)
    {
        base.Generate(operation, model, builder, terminate);
        Grant(operation.Name, operation.Schema, AccessOf(operation), builder);
        if (operation.ForeignKeys.Exists(ErasureGuard.IsNeededFor))
        {
            builder.AppendLine(ErasureGuard.CreateOn(NameOf(operation.Name, operation.Schema))).EndCommand();
        }
    }

    protected override void Generate(
        AddForeignKeyOperation operation,
        IModel? model,
        MigrationCommandListBuilder builder,
        bool terminate = true)
    {
        base.Generate(operation, model, builder, terminate);
        if (terminate && ErasureGuard.IsNeededFor(operation))
        {
            builder.AppendLine(ErasureGuard.CreateIfPossibleOn(NameOf(operation.Table, operation.Schema))).EndCommand();
        }
    }

    protected override void Generate(
        AlterTableOperation operation, IModel? model, MigrationCommandListBuilder builder)
    {
        base.Generate(operation, model, builder);
        var before = AccessOf(operation.OldTable);
        var after = AccessOf(operation);
        if (before != after)
        {
            Revoke(operation.Name, operation.Schema, before, builder);
            Grant(operation.Name, operation.Schema, after, builder);
        }
    }

    protected override void Generate(
        AlterDatabaseOperation operation, IModel? model, MigrationCommandListBuilder builder)
    {
        // Extensions need rights that the owner role has not; the login that migrates may have them.
        builder.AppendLine("SET ROLE NONE;").EndCommand();
        base.Generate(operation, model, builder);
        builder.AppendLine($"SET ROLE {DatabaseRoles.Owner};").EndCommand();
    }

    private static string? AccessOf(TableOperation table) =>
        table.FindAnnotation(TableAccess.Annotation)?.Value as string;

    private string NameOf(string name, string? schema) => Dependencies.SqlGenerationHelper.DelimitIdentifier(name, schema);

    private void Grant(
        string name, string? schema, string? access, MigrationCommandListBuilder builder)
    {
        var table = NameOf(name, schema);
        switch (access)
        {
            case TableAccess.Tenant or TableAccess.TenantAppend:
                var rights = access == TableAccess.Tenant ? "SELECT, INSERT, UPDATE, DELETE" : "SELECT, INSERT";
                // FORCE: without it the table's owner bypasses the policy, and migrations and
                // definer functions run as the owner. TO PUBLIC: a role made later is bound too.
                builder
                    .AppendLine($"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;")
                    .AppendLine($"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;")
                    .AppendLine($"CREATE POLICY {PolicyName} ON {table} AS PERMISSIVE FOR ALL TO PUBLIC")
                    .AppendLine($"    USING (tenant_id = {TenantFunction.Call})")
                    .AppendLine($"    WITH CHECK (tenant_id = {TenantFunction.Call});")
                    .AppendLine($"GRANT {rights} ON {table} TO {DatabaseRoles.App};")
                    .EndCommand();
                break;
            case TableAccess.GlobalExpiring:
                builder
                    .AppendLine($"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;")
                    .AppendLine($"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;");
                foreach (var policy in ExpiringPolicy.All)
                {
                    builder.AppendLine($"CREATE POLICY {policy.Name} ON {table} AS PERMISSIVE FOR {policy.Command} TO PUBLIC {policy.Condition};");
                }

                builder
                    .AppendLine($"GRANT SELECT, INSERT, DELETE ON {table} TO {DatabaseRoles.App};")
                    .EndCommand();
                break;
            case TableAccess.GlobalReadOnly:
                builder
                    .AppendLine($"GRANT SELECT ON {table} TO {DatabaseRoles.App};")
                    .EndCommand();
                break;
        }
    }

    private void Revoke(
        string name, string? schema, string? access, MigrationCommandListBuilder builder)
    {
        var table = NameOf(name, schema);
        string[] policies = access switch
        {
            TableAccess.Tenant or TableAccess.TenantAppend => [PolicyName],
            TableAccess.GlobalExpiring => [.. ExpiringPolicy.All.Select(policy => policy.Name)],
            _ => [],
        };
        foreach (var policy in policies)
        {
            builder.AppendLine($"DROP POLICY {policy} ON {table};");
        }

        if (policies.Length > 0)
        {
            builder
                .AppendLine($"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;")
                .AppendLine($"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;");
        }

        if (access is not null)
        {
            builder.AppendLine($"REVOKE ALL ON {table} FROM {DatabaseRoles.App};").EndCommand();
        }
    }
}
