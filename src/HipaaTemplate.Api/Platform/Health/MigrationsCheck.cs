using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HipaaTemplate.Platform.Health;

/// <summary>
/// Red while a migration of this build is not applied. Migrations that this build does not know are
/// fine: during a rolling deployment the older version keeps serving the newer schema.
/// </summary>
internal sealed class MigrationsCheck(IDbContextFactory<AppDbContext> contexts) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var history = db.GetService<IHistoryRepository>();
        var applied = await history.GetAppliedMigrationsAsync(cancellationToken);
        var pending = db.Database.GetMigrations().Except(applied.Select(row => row.MigrationId)).Count();
        return pending == 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"{pending} migrations are pending: run migrate up.");
    }
}
