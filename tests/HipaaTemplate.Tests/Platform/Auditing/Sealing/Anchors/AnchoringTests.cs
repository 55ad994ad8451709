using System.Diagnostics.Metrics;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Tests.Compliance;
using HipaaTemplate.Tests.Harness.Aws;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Auditing.Sealing.Anchors;

/// <summary>What is sealed is anchored in S3, late when it has to be, and never in a place that is none.</summary>
[NonParallelizable]
internal sealed class AnchoringTests
{
    private const string Bucket = "anchors.example";

    private readonly ManualTime time = new();
    private AwsDouble aws = null!;
    private ApiHost api = null!;
    private string url = null!;
    private Clinic clinic = null!;

    [SetUp]
    public async Task StartAsync()
    {
        aws = await AwsDouble.StartAsync();
        var user = aws.NewUser("anchors");
        (api, url) = await App.NewApiAsync(
            new Dictionary<string, string>
            {
                ["AUDIT_SEAL"] = "true", ["AUDIT_ANCHOR_BUCKET"] = Bucket, ["AWS_REGION"] = AwsDouble.Region, ["AWS_ENDPOINT_URL"] = aws.Address.ToString(),
            },
            services =>
            {
                services.AddSingleton<TimeProvider>(time);
                services.AddSingleton(provider => new Lazy<IAnchorPlace?>(new S3AnchorPlace(
                    provider.GetRequiredService<IOptions<AuditSettings>>().Value, provider.GetRequiredService<IOptions<AwsSettings>>().Value,
                    TimeProvider.System, user.ForSdk())));
                // The tests say when: the one that runs by itself would be in between.
                services.Remove(services.Single(service => service.ImplementationType == typeof(SealingService)));
            });
        clinic = await App.NewClinicAsync(api);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await aws.DisposeAsync();
    }

    [Test]
    [Hipaa(Citations.Integrity)]
    public async Task After_an_outage_the_anchors_catch_up_without_a_gap_and_until_then_it_is_told()
    {
        aws.S3.NewBucket(Bucket, hasLock: true);
        await SealAsync();
        await AnchorAsync();
        Assert.That(Spans(), Has.Count.EqualTo(1));

        aws.Fail(KeyServiceFault.Throttled);
        time.Advance(AnchorLag.Limit);
        await SealAsync();
        await AnchorAsync();
        await SealAsync();
        await AnchorAsync();
        Assert.That(Spans(), Has.Count.EqualTo(1));
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Unhealthy), "a day without an anchor");

        aws.Fail(null);
        await AnchorAsync();
        var spans = Spans();
        Assert.That((spans.Count, spans[0].From, spans[1].From), Is.EqualTo((2, 0, spans[0].To)));
        Assert.That(spans[1].To, Is.EqualTo((await LastSealAsync()).Heads));
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    [Test]
    public async Task Anchors_are_cut_at_seals_so_that_none_grows_without_bound()
    {
        aws.S3.NewBucket(Bucket, hasLock: true);
        for (var i = 0; i < 4; i++)
        {
            await SealAsync();
        }

        await using var work = await api.Services.GetRequiredService<SealStore>().BeginAsync(CancellationToken.None);
        var all = (await work.LastSealAsync(CancellationToken.None))!.Heads;
        Assert.Multiple(async () =>
        {
            Assert.That((await work.SealAsync(0, all, CancellationToken.None)).Heads, Is.EqualTo(all));
            Assert.That((await work.SealAsync(0, all - 1, CancellationToken.None)).Heads, Is.LessThan(all));
            Assert.That((await work.SealAsync(0, 0, CancellationToken.None)).Heads, Is.InRange(1, all - 1), "one that is larger is not cut");
        });
    }

    [Test]
    [Hipaa(Citations.Integrity)]
    public async Task A_place_that_is_none_gets_nothing_and_turns_readiness_red_until_it_is_one()
    {
        aws.S3.NewBucket(Bucket, hasLock: false);
        await SealAsync();
        await AnchorAsync();
        await AnchorAsync();

        var check = await CheckAsync();
        Assert.That((check.Status, check.Description), Is.EqualTo((HealthStatus.Unhealthy, api.Services.GetRequiredService<AnchorLag>().Refusal)));
        Assert.That(check.Description, Does.Contain("object lock"));
        Assert.That(aws.S3.VersionsOf(Bucket), Is.Empty);

        aws.S3.NewBucket(Bucket, hasLock: true);
        await AnchorAsync();
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(Spans(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Who_does_not_seal_or_has_no_place_does_not_know()
    {
        foreach (var settings in new AuditSettings[] { new() { Seal = false, AnchorBucket = Bucket }, new() { Seal = true } })
        {
            var lag = new AnchorLag(Options.Create(settings), time, api.Services.GetRequiredService<IMeterFactory>()) { Refusal = "none" };
            time.Advance(AnchorLag.Limit);
            Assert.That((await lag.CheckHealthAsync(new HealthCheckContext())).Status, Is.EqualTo(HealthStatus.Healthy));
        }
    }

    /// <summary>Something to seal, and sealed.</summary>
    private async Task SealAsync()
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        await api.Services.GetRequiredService<AuditTrail>().WriteAsync(
            AuditDraft.OfTenant(
                new AuditFacts(AuditAction.ReadRecords, AuditOutcome.Success, AuditActor.System("test")),
                clinic.Id,
                await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None)),
            CancellationToken.None);
        await Horizon.PassesAsync(url);
        Assert.That(await api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None), Is.Positive);
    }

    private Task AnchorAsync() => api.Services.GetRequiredService<Anchoring>().AnchorAsync(CancellationToken.None);

    private Task<HealthCheckResult> CheckAsync() => api.Services.GetRequiredService<AnchorLag>().CheckHealthAsync(new HealthCheckContext());

    private async Task<Seal> LastSealAsync()
    {
        await using var work = await api.Services.GetRequiredService<SealStore>().BeginAsync(CancellationToken.None);
        return (await work.LastSealAsync(CancellationToken.None))!;
    }

    private List<(long From, long To)> Spans() =>
    [
        .. from version in aws.S3.VersionsOf(Bucket)
           let anchor = JsonSerializer.Deserialize<JsonElement>(version.Content!)
           let begin = anchor.GetProperty("from").GetInt64()
           select (begin, begin + anchor.GetProperty("heads").GetArrayLength()),
    ];
}
