using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Tests.Compliance;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing.Alerts;

/// <summary>Every sealed event is looked at once, whatever happens to who looks.</summary>
[NonParallelizable]
internal sealed class AlertWatcherTests
{
    private AlertStage stage = null!;
    private Clinic clinic = null!;
    private Guid user;

    [SetUp]
    public async Task StartAsync()
    {
        stage = await AlertStage.StartAsync(new() { ["AUDIT_ALERT_REFUSALS"] = "3", ["AUDIT_ALERT_REFUSED_SIGN_INS"] = "4" });
        clinic = await stage.NewClinicAsync();
        user = Guid.CreateVersion7();
    }

    [TearDown]
    public ValueTask StopAsync() => stage.DisposeAsync();

    [Test]
    public async Task What_belongs_together_is_one_alert_and_grows()
    {
        await stage.WriteEmergencyAsync(clinic, user);
        await stage.LookAsync();
        stage.Time.Advance(TimeSpan.FromMinutes(59));
        await stage.WriteEmergencyAsync(clinic, user);
        await stage.LookAsync();
        stage.Time.Advance(TimeSpan.FromMinutes(59));
        await stage.WriteEmergencyAsync(clinic, user);
        await stage.WriteEmergencyAsync(clinic, Guid.CreateVersion7());
        await stage.LookAsync();
        stage.Time.Advance(TimeSpan.FromHours(1));
        await stage.WriteEmergencyAsync(clinic, user);

        Assert.That(
            await stage.RaisedAsync(clinic.Id),
            Is.EqualTo(new[] { (AlertRule.Emergency, 3), (AlertRule.Emergency, 1), (AlertRule.Emergency, 1) }));
        var grown = (await stage.AlertsAsync(clinic.Id))[0];
        Assert.Multiple(() =>
        {
            Assert.That(grown.Subject, Is.EqualTo($"{user}"));
            Assert.That(grown.LastAt - grown.FirstAt, Is.EqualTo(TimeSpan.FromMinutes(118)));
            Assert.That((grown.PatientCount, grown.Patients.Length), Is.EqualTo((3, 3)));
            Assert.That(grown.Version, Is.EqualTo(3), "a reviewer has to read it again");
        });
    }

    [Test]
    public async Task What_comes_after_an_alert_was_signed_off_is_another_one()
    {
        await stage.WriteEmergencyAsync(clinic, user);
        await stage.LookAsync();
        await using (var work = TenantWork.Of(stage.Api, clinic.Id))
        {
            (await work.Db.Set<AuditAlert>().SingleAsync()).SignOff(Guid.CreateVersion7(), AlertConclusion.Legitimate, stage.Time.GetUtcNow());
            await work.Db.SaveChangesAsync();
        }

        await stage.WriteEmergencyAsync(clinic, user);
        Assert.That(await stage.RaisedAsync(clinic.Id), Is.EqualTo(new[] { (AlertRule.Emergency, 1), (AlertRule.Emergency, 1) }));
    }

    [Test]
    public async Task An_alert_of_one_tenant_is_seen_in_no_other()
    {
        var other = await stage.NewClinicAsync();
        await stage.WriteEmergencyAsync(clinic, user);
        Assert.That(await stage.RaisedAsync(other.Id), Is.Empty);
        Assert.That(await stage.AlertsAsync(clinic.Id), Has.Count.EqualTo(1));
    }

    [Test]
    [Hipaa(Citations.ActivityReview)]
    public async Task Who_is_refused_again_and_again_is_an_alert_and_not_one_time_less()
    {
        using var patient = stage.As(clinic.Patient);
        for (var i = 0; i < 2; i++)
        {
            using var refused = await patient.GetAsync(ProbeFeature.Path);
        }

        Assert.That(await stage.RaisedAsync(clinic.Id), Is.Empty, "two are not enough");
        stage.Time.Advance(TimeSpan.FromMinutes(10));
        using var again = stage.As(clinic.Patient);
        using var third = await again.GetAsync(ProbeFeature.Path);
        Assert.That(await stage.RaisedAsync(clinic.Id), Is.Empty, "the two were more than ten minutes ago");
        using var fourth = await again.GetAsync(ProbeFeature.Path);
        using var fifth = await again.GetAsync(ProbeFeature.Path);
        Assert.That(await stage.RaisedAsync(clinic.Id), Is.EqualTo(new[] { (AlertRule.Refusals, 1) }));
    }

    [Test]
    [Hipaa(Citations.LogInMonitoring)]
    public async Task Tokens_that_are_refused_again_and_again_are_an_alert_of_the_platform()
    {
        using var stranger = stage.Api.WithToken("e30.e30.e30");
        for (var i = 0; i < 3; i++)
        {
            using var refused = await stranger.GetAsync(ProbeFeature.Path);
        }

        Assert.That(await stage.RaisedAsync(AuditEntry.Platform), Is.Empty, "three are not enough");
        using var fourth = await stranger.GetAsync(ProbeFeature.Path);
        Assert.That(await stage.RaisedAsync(AuditEntry.Platform), Is.EqualTo(new[] { (AlertRule.RefusedSignIns, 1) }));
        Assert.That((await stage.AlertsAsync(AuditEntry.Platform)).Single().Subject, Is.EqualTo("127.0.0.1").Or.EqualTo("::1"));
        Assert.That(stage.Log.Lines, Has.One.Contains("SECURITY: alert {AlertId} was raised"));
    }

    [Test]
    public async Task A_thousand_events_at_once_are_counted_as_if_they_had_come_one_by_one()
    {
        for (var i = 0; i < 1_000; i++)
        {
            stage.Time.Advance(TimeSpan.FromSeconds(1));
            await stage.WriteAsync(clinic, AlertStage.UserOf(user), AuditAction.RefuseAccess, AuditOutcome.Refused);
        }

        Assert.That(await stage.RaisedAsync(clinic.Id), Is.EqualTo(new[] { (AlertRule.Refusals, 998) }));
    }

    /// <summary>A transaction that takes long stores its event when others have stored later ones.</summary>
    [Test]
    public async Task An_event_that_is_sealed_late_counts_at_its_own_time()
    {
        await using var app = await stage.Api.OpenAppConnectionAsync();
        await using var transaction = await app.BeginTransactionAsync();
        await stage.Api.Services.GetRequiredService<AuditStore>().AddAsync(app, transaction, [await StampAsync()], CancellationToken.None);
        stage.Time.Advance(TimeSpan.FromMinutes(9));
        await stage.WriteAsync(clinic, AlertStage.UserOf(user), AuditAction.RefuseAccess, AuditOutcome.Refused);
        await stage.WriteAsync(clinic, AlertStage.UserOf(user), AuditAction.RefuseAccess, AuditOutcome.Refused);
        await transaction.CommitAsync();
        Assert.That(await stage.RaisedAsync(clinic.Id), Is.EqualTo(new[] { (AlertRule.Refusals, 1) }));
    }

    [Test]
    public async Task An_event_that_was_not_looked_at_yet_does_not_count_for_another()
    {
        for (var i = 0; i < 2; i++)
        {
            await stage.WriteAsync(clinic, AlertStage.UserOf(user), AuditAction.RefuseAccess, AuditOutcome.Refused);
        }

        await Horizon.PassesAsync(stage.DatabaseUrl);
        await stage.Api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
        await stage.WriteAsync(clinic, AlertStage.UserOf(user), AuditAction.RefuseAccess, AuditOutcome.Refused);
        await stage.Api.Services.GetRequiredService<AlertWatcher>().LookAsync(CancellationToken.None);
        Assert.That(await stage.AlertsAsync(clinic.Id), Is.Empty);
        Assert.That(await stage.RaisedAsync(clinic.Id), Is.EqualTo(new[] { (AlertRule.Refusals, 1) }));
    }

    [Test]
    public async Task Sealed_events_that_are_gone_are_told()
    {
        await stage.WriteEmergencyAsync(clinic, user);
        await Horizon.PassesAsync(stage.DatabaseUrl);
        await stage.Api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
        await using (var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(stage.DatabaseUrl))
        {
            await dba.ExecuteAsync($"DELETE FROM {AuditTables.Events} WHERE tenant_id = '{clinic.Id}'");
        }

        Assert.That(await stage.RaisedAsync(clinic.Id), Is.Empty);
        Assert.That(stage.Log.Lines, Has.One.Contains("SECURITY: {Count} events of tenant {TenantId} were sealed and are not there any more"));
    }

    [Test]
    public async Task What_was_sealed_while_nobody_looked_is_looked_at_later_and_once()
    {
        for (var i = 0; i < 30; i++)
        {
            await stage.WriteEmergencyAsync(clinic, user);
            await Horizon.PassesAsync(stage.DatabaseUrl);
            await stage.Api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
        }

        Assert.That(await stage.RaisedAsync(clinic.Id), Is.EqualTo(new[] { (AlertRule.Emergency, 30) }));
        Assert.That(await stage.RaisedAsync(clinic.Id), Is.EqualTo(new[] { (AlertRule.Emergency, 30) }));
    }

    [Test]
    public async Task Nothing_is_lost_or_doubled_when_those_who_look_are_killed_and_get_into_each_others_way()
    {
        const int events = 200;
        const int kills = 30;
        var (written, killed) = (0, 0L);
        using var done = new CancellationTokenSource();
        var looking = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                try
                {
                    await stage.LookOnceAsync();
                }
                catch (NpgsqlException)
                {
                    // Killed.
                }
            }
        })));
        // Not those that write events: an event that was not acknowledged may be there or not.
        var killing = Task.Run(async () =>
        {
            await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(stage.DatabaseUrl);
            while (!done.IsCancellationRequested)
            {
                Volatile.Write(ref killed, killed + await dba.ScalarAsync<long>($"""
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND random() < 0.3 AND (usename = '{DatabaseRoles.Reviewer}'
                        OR usename = '{DatabaseRoles.App}' AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))
                    """));
                await Task.Delay(Random.Shared.Next(10));
            }
        });
        for (; written < events || Volatile.Read(ref killed) < kills; written++)
        {
            await stage.WriteEmergencyAsync(clinic, user);
        }

        await done.CancelAsync();
        await Task.WhenAll(looking, killing);

        Assert.That(await stage.RaisedAsync(clinic.Id), Is.EqualTo(new[] { (AlertRule.Emergency, written) }), $"{killed} kills");
    }

    private async Task<StampedEntry> StampAsync()
    {
        await using var work = TenantWork.Of(stage.Api, clinic.Id);
        using var draft = AuditDraft.OfTenant(
            new AuditFacts(AuditAction.RefuseAccess, AuditOutcome.Refused, AlertStage.UserOf(user)),
            clinic.Id,
            await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None));
        return AuditStamp.Stamp(draft, stage.Api.Services.GetRequiredService<AuditNumbers>());
    }
}
