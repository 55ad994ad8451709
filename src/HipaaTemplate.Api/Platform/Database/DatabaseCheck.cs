using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Red when no connection can be had, with whatever credentials the requests use: a check that
/// connects by itself would be red during a change of the password that no request notices.
/// </summary>
internal sealed class DatabaseCheck(AppDatabase database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await command.ExecuteScalarAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }
}
