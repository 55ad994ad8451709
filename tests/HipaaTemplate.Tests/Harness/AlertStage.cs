using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>An API on a database of its own, whose trail is sealed and looked through when a test says so.</summary>
internal sealed class AlertStage : IAsyncDisposable
{
    private AlertStage(ApiHost api, string url, ManualTime time, LogCapture log)
    {
        Api = api;
        DatabaseUrl = url;
        Time = time;
        Log = log;
    }

    public ApiHost Api { get; }

    public string DatabaseUrl { get; }

    /// <summary>The API's; it goes forward only.</summary>
    public ManualTime Time { get; }

    public LogCapture Log { get; }

    public static async Task<AlertStage> StartAsync(
        Dictionary<string, string>? settings = null, Action<IServiceCollection>? configureServices = null)
    {
        var time = new ManualTime();
        var log = new LogCapture();
        var (api, url) = await App.NewApiAsync(settings, services =>
        {
            services.AddSingleton<TimeProvider>(time);
            log.Install(services);
            configureServices?.Invoke(services);
        });
        return new AlertStage(api, url, time, log);
    }

    public Task<Clinic> NewClinicAsync() => App.NewClinicAsync(Api);

    /// <param name="familyName">That the token says.</param>
    public HttpClient As(TestUser user, string? familyName = null)
    {
        var now = Time.GetUtcNow().ToUnixTimeSeconds();
        var token = App.Issuer.NewToken(user).With("iat", now).With("nbf", now).With("exp", now + 300);
        return Api.WithToken((familyName is null ? token : token.With("family_name", familyName)).Sign());
    }

    /// <summary>Until all events are sealed, which wait for other tests' transactions, and looked at.</summary>
    public async Task LookAsync()
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(DatabaseUrl);
        await Eventually.IsTrueAsync(
            async () =>
            {
                await LookOnceAsync();
                return await dba.ScalarAsync<bool>($"""
                    SELECT NOT EXISTS (SELECT FROM {AuditTables.Events} e WHERE NOT EXISTS (
                        SELECT FROM {AuditTables.Leaves} l WHERE l.log_tenant = e.tenant_id AND l.event_id = e.id))
                    """);
            },
            "Not all events were ever sealed.");
    }

    /// <summary>What can be sealed now.</summary>
    public async Task LookOnceAsync()
    {
        while (await Api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None) > 0)
        {
        }

        while (await Api.Services.GetRequiredService<AlertWatcher>().LookAsync(CancellationToken.None) is true)
        {
        }
    }

    public Task<bool> DeliverAsync(CancellationToken ct = default) => Api.Services.GetRequiredService<AlertDeliveries>().DeliverAsync(ct);

    /// <summary>In the order that they were raised in.</summary>
    public async Task<List<AuditAlert>> AlertsAsync(TenantId tenant)
    {
        await using var db = await Api.Services.GetRequiredService<IDbContextFactory<AppDbContext>>().CreateDbContextAsync();
        db.SetTenant(tenant);
        return await db.Set<AuditAlert>().AsNoTracking().OrderBy(alert => alert.Id).ToListAsync();
    }

    /// <summary>Rules with the number of events of each alert, after a look.</summary>
    public async Task<List<(AlertRule Rule, int Events)>> RaisedAsync(TenantId tenant)
    {
        await LookAsync();
        return [.. (await AlertsAsync(tenant)).Select(alert => (alert.Rule, alert.Events))];
    }

    /// <summary>An event of this user, past HTTP.</summary>
    public async Task WriteAsync(Clinic clinic, AuditActor actor, AuditAction action, AuditOutcome outcome, params Guid[] patients)
    {
        await using var work = TenantWork.Of(Api, clinic.Id);
        await Api.Services.GetRequiredService<AuditTrail>().WriteAsync(
            AuditDraft.OfTenant(
                new AuditFacts(action, outcome, actor) { Patients = patients },
                clinic.Id,
                await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None)),
            CancellationToken.None);
    }

    /// <summary>An event that is one finding, whatever was before it.</summary>
    public Task WriteEmergencyAsync(Clinic clinic, Guid user) => WriteAsync(
        clinic, UserOf(user) with { Purpose = PurposesOfUse.Emergency }, AuditAction.ReadRecords, AuditOutcome.Success, Guid.CreateVersion7());

    public static AuditActor UserOf(Guid id) => new(AuditActorType.User) { Id = $"{id}" };

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}
