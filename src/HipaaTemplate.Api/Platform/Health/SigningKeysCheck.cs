using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Health;

/// <summary>Red while no signing keys of the identity provider are known: every token would be refused.</summary>
internal sealed class SigningKeysCheck(IOptionsMonitor<JwtBearerOptions> options) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var manager = options.Get(JwtBearerDefaults.AuthenticationScheme).ConfigurationManager!;
        var configuration = await manager.GetConfigurationAsync(cancellationToken);
        return configuration.SigningKeys.Count > 0
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The identity provider publishes no signing keys.");
    }
}
