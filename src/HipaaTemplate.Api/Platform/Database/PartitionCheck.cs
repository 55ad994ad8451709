using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>Warns while there is time: a month without a partition takes no event, and without one there is no data (<c>AUD_001</c>).</summary>
internal sealed class PartitionCheck(AppDatabase database, TimeProvider time) : IHealthCheck
{
    // By name, which needs no right to the schema.
    private const string Sql = $"""
        SELECT count(*), count(*) FILTER (WHERE right(c.relname, 7) > to_char(@now AT TIME ZONE 'UTC', 'YYYY_MM'))
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        JOIN pg_namespace n ON n.oid = p.relnamespace WHERE n.nspname || '.' || p.relname = '{AuditTables.Events}'
        """;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await database.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(Sql, connection);
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("now", time.GetUtcNow()));
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            var (all, months) = (reader.GetInt64(0), reader.GetInt64(1));
            // None at all: it is not migrated, which another check says.
            return all == 0 || months >= AuditTables.FewMonthsAhead
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded($"The audit trail has partitions for {months} months to come: run migrate up, or look why nothing seals.");
        }
        // Another check says that too.
        catch (NpgsqlException)
        {
            return HealthCheckResult.Healthy();
        }
    }
}
