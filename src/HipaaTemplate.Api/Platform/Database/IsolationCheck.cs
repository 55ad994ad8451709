using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The cheap form of <c>isolation prove</c>, in one round trip: red when the API's own role could get past
/// row-level security, when a tenant's table is not bound by it, or when PostgreSQL does not understand
/// which tenant the API means, in which case every request would find nothing.
/// </summary>
internal sealed class IsolationCheck(AppDatabase database, ITenantScopeSql scopeSql) : IHealthCheck
{
    private static readonly string Sql = $"""
        SELECT {AppRole.CanPass},
            EXISTS (
                SELECT FROM pg_class c
                WHERE c.relnamespace IN ('{DatabaseRoles.AppSchema}'::regnamespace, '{TenantScopeKeys.Schema}'::regnamespace)
                    AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
                    AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity OR (
                        SELECT count(*) <> 1 OR NOT bool_and({IsolationAudit.IsTenantPolicy}) FROM pg_policy p
                        WHERE p.polrelid = c.oid AND p.polpermissive))),
            {TenantFunction.Call} IS DISTINCT FROM @tenant,
            {ReviewerRole.CanPass}
        """;

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var tenant = TenantId.From(Guid.CreateVersion7());
        var scope = scopeSql.For(tenant);
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        scope.PutBefore(command);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await scope.SkipResultAsync(reader, cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetBoolean(2), reader.GetBoolean(3)) switch
        {
            (true, _, _, _) => HealthCheckResult.Unhealthy("The API's role has rights that pass row-level security."),
            (_, true, _, _) => HealthCheckResult.Unhealthy("A tenant's table is not bound by row-level security."),
            (_, _, true, _) => HealthCheckResult.Unhealthy(
                "PostgreSQL does not accept the API's tenant: run migrate up with the same settings, and compare the clocks."),
            (_, _, _, true) => HealthCheckResult.Unhealthy("The role that reads the audit trail could read another tenant's events."),
            _ => HealthCheckResult.Healthy(),
        };
    }
}
