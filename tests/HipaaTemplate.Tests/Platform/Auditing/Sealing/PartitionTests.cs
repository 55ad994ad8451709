using System.Net;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HipaaTemplate.Tests.Platform.Auditing.Sealing;

/// <summary>The trail does not run out of months, as long as something seals.</summary>
[NonParallelizable]
internal sealed class PartitionTests
{
    private readonly LogCapture log = new();
    private ApiHost api = null!;

    [SetUp]
    public async Task StartAsync() => (api, _) = await App.NewApiAsync(configureServices: log.Install);

    [TearDown]
    public ValueTask StopAsync() => api.DisposeAsync();

    [Test]
    public async Task Who_seals_makes_the_months_that_are_missing()
    {
        await DropAllBut(2);
        await ActivatorUtilities.CreateInstance<PartitionUpkeep>(api.Services).ExtendAsync(CancellationToken.None);
        Assert.That(await AheadAsync(), Is.EqualTo(AuditTables.MonthsAhead));
        await using var owner = await api.OpenOwnerConnectionAsync();
        Assert.That(await owner.ScalarAsync<bool>($"""
            SELECT bool_and(relrowsecurity AND relforcerowsecurity AND relowner = '{DatabaseRoles.Owner}'::regrole)
            FROM pg_class WHERE relispartition AND relnamespace = '{AuditTables.Schema}'::regnamespace AND relkind = 'r'
            """));
        Assert.That(await api.RunAsync("isolation", "prove"), Is.Zero);
    }

    [Test]
    public async Task It_keeps_no_event_waiting()
    {
        await DropAllBut(2);
        await using (var app = await api.OpenAppConnectionAsync())
        {
            await using var transaction = await app.BeginTransactionAsync();
            await api.EnterAsync(app, (await App.NewClinicAsync(api)).Id);
            await app.ExecuteAsync($"INSERT INTO {AuditTables.Events} (tenant_id) SELECT gen_random_uuid() WHERE false");
            Assert.That(await api.Services.GetRequiredService<SealStore>().TryExtendAsync(CancellationToken.None), Is.False);
        }

        Assert.That(await api.Services.GetRequiredService<SealStore>().TryExtendAsync(CancellationToken.None));
        Assert.That(await AheadAsync(), Is.EqualTo(AuditTables.MonthsAhead));
    }

    [TestCase(AuditTables.FewMonthsAhead, HealthStatus.Healthy)]
    [TestCase(AuditTables.FewMonthsAhead - 1, HealthStatus.Degraded)]
    [TestCase(0, HealthStatus.Degraded)]
    public async Task Few_months_are_a_warning(int ahead, HealthStatus status)
    {
        var clock = new ManualTime();
        var now = clock.GetUtcNow();
        clock.Advance(new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(AuditTables.MonthsAhead - ahead) - now);
        var result = await ActivatorUtilities.CreateInstance<PartitionCheck>(api.Services, clock).CheckHealthAsync(new HealthCheckContext());
        Assert.That(result.Status, Is.EqualTo(status));
    }

    [Test]
    public async Task The_API_stays_ready_and_says_it_in_its_log()
    {
        await DropAllBut(2);
        using var client = api.Anonymous();
        await Eventually.IsTrueAsync(
            async () => (await client.GetAsync("/api/v1/health/ready")).StatusCode == HttpStatusCode.OK, "It never was ready.");
        Assert.That(log.Lines, Has.Some.Contains("audit partitions").And.Contains("partitions for 2 months to come"));
    }

    private async Task<long> AheadAsync()
    {
        await using var owner = await api.OpenOwnerConnectionAsync();
        return await owner.ScalarAsync<long>(
            $"SELECT count(*) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = '{AuditTables.Events}'::regclass AND right(relname, 7) > to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')");
    }

    /// <summary>Of the months to come.</summary>
    private async Task DropAllBut(int count)
    {
        await using var owner = await api.OpenOwnerConnectionAsync();
        await owner.ExecuteAsync($"""
            DO $$
            DECLARE
                name text;
            BEGIN
                FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                    WHERE inhparent IN (SELECT partrelid FROM pg_partitioned_table) AND relkind = 'r'
                        AND right(relname, 7) > to_char((now() + interval '{count} months') AT TIME ZONE 'UTC', 'YYYY_MM')
                LOOP
                    EXECUTE 'DROP TABLE ' || name;
                END LOOP;
            END
            $$
            """);
    }
}
