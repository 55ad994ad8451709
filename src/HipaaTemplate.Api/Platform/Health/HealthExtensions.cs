using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.OpenApi;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HipaaTemplate.Platform.Health;

internal sealed record StatusResponse(string Status);

internal static class HealthExtensions
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(3);

    public static void AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<ReadinessProbe>();
        builder.Services.AddHealthChecks()
            .AddCheck<DatabaseCheck>("database", timeout: CheckTimeout)
            .AddCheck<MigrationsCheck>("migrations", timeout: CheckTimeout)
            .AddCheck<IsolationCheck>("isolation", timeout: CheckTimeout)
            .AddCheck<PartitionCheck>("audit partitions", HealthStatus.Degraded, timeout: CheckTimeout)
            .AddCheck<SealLag>("audit seals", timeout: CheckTimeout)
            .AddCheck<AnchorLag>("audit anchors", timeout: CheckTimeout)
            .AddCheck<SigningKeysCheck>("signing keys", timeout: CheckTimeout);
    }

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        var health = app.MapGroup("").WithTags("Health").AllowAnonymous();
        health.MapGet("/", () => TypedResults.Ok(new StatusResponse("ok")))
            .WithSummary("The API answers").Fails();
        foreach (var path in new[] { "/api/v1/health/live", "/health", "/healthz" })
        {
            health.MapGet(path, () => TypedResults.Ok(new StatusResponse("live")))
                .WithSummary("The process is alive").Fails();
        }

        health.MapGet("/api/v1/health/ready", HandleReady)
            .WithSummary("The process can serve: database, migrations, role and signing keys are in order")
            .Produces<StatusResponse>()
            .Fails(HealthErrors.NotReady);
    }

    private static async Task<IResult> HandleReady(ReadinessProbe probe, CancellationToken ct) =>
        await probe.IsReadyAsync(ct)
            ? TypedResults.Ok(new StatusResponse("ready"))
            : HealthErrors.NotReady.ToResult();
}
