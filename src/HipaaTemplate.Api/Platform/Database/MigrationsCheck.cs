using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Red while a migration of this build is not applied. Migrations that this build does not know are
/// fine: during a rolling deployment the older version keeps serving the newer schema.
/// </summary>
internal sealed class MigrationsCheck(IDbContextFactory<AppDbContext> contexts, AppDatabase database)
    : IHealthCheck
{
    // EF Core's own reader of the history builds a model for it first; this is asked at every start.
    private const string Sql =
        $"""SELECT "MigrationId" FROM {DatabaseRoles.AppSchema}.{DatabaseRoles.MigrationsTable}""";

    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var pending = db.Database.GetMigrations().ToHashSet(StringComparer.Ordinal);
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var applied = await command.ExecuteReaderAsync(cancellationToken);
        while (await applied.ReadAsync(cancellationToken))
        {
            pending.Remove(applied.GetString(0));
        }

        return pending.Count == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"{pending.Count} migrations are pending: run migrate up.");
    }
}
