using System.Diagnostics.Metrics;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Sealing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Auditing.Sealing;

/// <summary>Readiness of who seals, when nothing is sealed.</summary>
internal sealed class SealLagTests
{
    [TestCase(true, 599, HealthStatus.Healthy)]
    [TestCase(true, 600, HealthStatus.Unhealthy)]
    [TestCase(false, 600, HealthStatus.Healthy)]
    public async Task It_is_red_after_ten_minutes_where_it_is_this_processs(bool isOurs, int seconds, HealthStatus status)
    {
        var time = new ManualTime();
        using var lag = New(isOurs, time);
        time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.That((await lag.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(status));
    }

    [Test]
    public async Task It_is_green_again_when_all_is_sealed()
    {
        var time = new ManualTime();
        using var lag = New(isOurs: true, time);
        time.Advance(SealLag.Limit);
        lag.AllSealedAt(time.GetTimestamp());

        Assert.That((await lag.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    private static SealLag New(bool isOurs, ManualTime time) => new(
        Options.Create(new AuditSettings { Seal = isOurs }), time, App.Api.Services.GetRequiredService<IMeterFactory>());
}
