using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Red when the API's own role could get past row-level security: as superuser, by BYPASSRLS, as
/// member of another role, or as owner of a table whose policies it could then drop.
/// </summary>
internal sealed class DatabaseRoleCheck(NpgsqlDataSource dataSource) : IHealthCheck
{
    private const string Sql = $"""
        SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication
            OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
            OR EXISTS (
                SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relowner = r.oid AND n.nspname NOT LIKE 'pg_temp%')
            OR EXISTS (
                SELECT FROM pg_class c
                WHERE c.relnamespace = '{DatabaseRoles.AppSchema}'::regnamespace
                    AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                    AND EXISTS (
                        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
                    AND NOT (c.relrowsecurity AND c.relforcerowsecurity))
        FROM pg_roles r WHERE r.rolname = current_user
        """;

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var command = dataSource.CreateCommand(Sql);
        var canBypass = await command.ExecuteScalarAsync(cancellationToken);
        return canBypass is false
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy(
                "Row-level security does not bind the API: its role has too many rights, or a table is not forced.");
    }
}
