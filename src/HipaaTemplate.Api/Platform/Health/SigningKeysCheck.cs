using HipaaTemplate.Platform.Authentication.Issuers;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HipaaTemplate.Platform.Health;

/// <summary>
/// Red while the keys of a configured issuer are not known: its tokens cannot be checked. An issuer that a
/// tenant brought along makes only that tenant wait.
/// </summary>
internal sealed class SigningKeysCheck(IssuerDirectory issuers) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var documents = await Task.WhenAll(
            issuers.Configured.Select(issuer => issuer.Keys.GetAsync(cancellationToken).AsTask()));
        return Array.TrueForAll(documents, document => document is not null)
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("The keys of an identity provider cannot be read; the log says of which and why.");
    }
}
