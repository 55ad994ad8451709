using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The cheap form of <c>isolation prove</c>, in one round trip: red when the API's own role could get past
/// row-level security, when a tenant's table is not bound by it, or when PostgreSQL does not understand
/// which tenant the API means, in which case every request would find nothing.
/// </summary>
internal sealed class IsolationCheck(NpgsqlDataSource dataSource, ITenantScopeSql scopeSql) : IHealthCheck
{
    private const string Sql = $"""
        SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication
                OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
                OR EXISTS (
                    SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relowner = r.oid AND n.nspname NOT LIKE 'pg_temp%'),
            EXISTS (
                SELECT FROM pg_class c
                WHERE c.relnamespace IN ('{DatabaseRoles.AppSchema}'::regnamespace, '{TenantScopeKeys.Schema}'::regnamespace)
                    AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
                    AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity OR (
                        SELECT count(*) <> 1 OR NOT bool_and({IsolationAudit.IsTenantPolicy}) FROM pg_policy p
                        WHERE p.polrelid = c.oid AND p.polpermissive))),
            {TenantFunction.Call} IS DISTINCT FROM @tenant
        FROM pg_roles r WHERE r.rolname = current_user
        """;

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var tenant = TenantId.From(Guid.CreateVersion7());
        var scope = scopeSql.For(tenant);
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        scope.PutBefore(command);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await scope.SkipResultAsync(reader, cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetBoolean(2)) switch
        {
            (true, _, _) => HealthCheckResult.Unhealthy("The API's role has rights that pass row-level security."),
            (_, true, _) => HealthCheckResult.Unhealthy("A tenant's table is not bound by row-level security."),
            (_, _, true) => HealthCheckResult.Unhealthy(
                "PostgreSQL does not accept the API's tenant: run migrate up with the same settings, and compare the clocks."),
            _ => HealthCheckResult.Healthy(),
        };
    }
}
