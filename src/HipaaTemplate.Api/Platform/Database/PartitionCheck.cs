using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>Warns while there is time: a month without a partition takes no event, and without one there is no data (<c>AUD_001</c>).</summary>
internal sealed class PartitionCheck(AppDatabase database, TimeProvider time) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            $"""
            SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = to_regclass('{AuditTables.Events}')
                AND right(c.relname, 7) > to_char(@now AT TIME ZONE 'UTC', 'YYYY_MM')
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("now", time.GetUtcNow()));
        var months = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        return months >= AuditTables.FewMonthsAhead
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"The audit trail has partitions for {months} months to come: run migrate up, or look why nothing seals.");
    }
}
