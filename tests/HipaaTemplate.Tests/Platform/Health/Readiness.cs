using HipaaTemplate.Platform.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HipaaTemplate.Tests.Platform.Health;

internal static class Readiness
{
    public const string Path = "/api/v1/health/ready";

    public static async Task ShouldBeGreenAsync(this ApiHost api) =>
        await (await api.Anonymous().GetAsync(Path)).ShouldBeJsonAsync();

    /// <summary>Not ready, because of this check and no other, which only the operator learns.</summary>
    public static async Task ShouldBeRedAsync(this ApiHost api, params string[] because)
    {
        var answer = await api.Anonymous().GetAsync(Path);
        await answer.ShouldBeAsync(HealthErrors.NotReady);
        var body = await answer.Content.ReadAsStringAsync();
        var report = await api.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.Multiple(() =>
        {
            Assert.That(answer.Headers.RetryAfter?.ToString(), Is.EqualTo("5"));
            foreach (var word in new[] { "hipaa", "database", "migration", "role", "key", "127.0.0.1", "Exception" })
            {
                Assert.That(body, Does.Not.Contain(word).IgnoreCase);
            }

            Assert.That(
                report.Entries.Where(e => e.Value.Status != HealthStatus.Healthy).Select(e => e.Key),
                Is.EquivalentTo(because));
        });
    }
}
