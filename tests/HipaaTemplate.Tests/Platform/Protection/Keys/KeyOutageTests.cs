using System.Diagnostics;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Platform.Protection.Keys;

/// <summary>
/// A key service that is away costs those nothing whose keys are at hand, for a while; the others are told at
/// once. One that refuses is obeyed.
/// </summary>
internal sealed class KeyOutageTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    private KeyStage stage = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => stage = await KeyStage.StartAsync();

    [TearDown]
    public void EndOutage() => stage.EndOutage();

    [OneTimeTearDown]
    public ValueTask StopAsync() => stage.DisposeAsync();

    [TestCase("ThrottlingException")]
    [TestCase("status_500")]
    [TestCase(KeyStage.Hanging)]
    public async Task Ten_minutes_of_it_cost_a_tenant_with_keys_at_hand_no_read(string how)
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        await stage.ShouldReadAsync(clinic, id);
        stage.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(10));
        stage.BeginOutage(how);

        var reads = 0;
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromMinutes(10); passed += TimeSpan.FromSeconds(20))
        {
            await stage.ShouldReadAsync(clinic, id, $"after {passed}");
            stage.Time.Advance(TimeSpan.FromSeconds(20));
            reads++;
        }

        await TestContext.Progress.WriteLineAsync($"{how}: {reads} reads in ten minutes, none failed");
        Assert.That(reads, Is.EqualTo(30));
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.GreaterThan(1), "it was asked again");
        await Eventually.IsTrueAsync(
            () => Task.FromResult(stage.CountLines(clinic, "The keys of tenant {TenantId} cannot be refreshed") == 1),
            "It is said once that it is away.");
    }

    /// <summary>A node that has just started, or a busy database, is no outage of the key service.</summary>
    [Test]
    public async Task Patience_is_tried_by_the_key_service_alone()
    {
        var (database, service, saved) = (new TaskCompletionSource(), new TaskCompletionSource<int>(), new TaskCompletionSource());
        var attempt = KeyAttempt.Start(async started =>
        {
            await database.Task;
            await started.AskAsync(_ => service.Task, CancellationToken.None);
            await saved.Task;
            await started.AskAsync(_ => new TaskCompletionSource<int>().Task, CancellationToken.None);
        });
        var time = new ManualTimers();
        var waiting = attempt.WaitAsync(TimeSpan.FromSeconds(1), time, CancellationToken.None);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(waiting.IsCompleted, Is.False, "the database is still being read");

        database.SetResult();
        await Eventually.IsTrueAsync(() => Task.FromResult(time.WaitsFor(TimeSpan.FromSeconds(1))), "The key service was never waited for.");
        time.Advance(TimeSpan.FromMilliseconds(999));
        service.SetResult(0);
        await Eventually.IsTrueAsync(() => Task.FromResult(time.Waiting == 0), "It was waited for though it had answered.");
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That(waiting.IsCompleted, Is.False, "what it gave out is still being stored");

        saved.SetResult();
        await Eventually.IsTrueAsync(() => Task.FromResult(time.WaitsFor(TimeSpan.FromMilliseconds(1))), "The key service was never waited for again.");
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That(() => waiting, Throws.InstanceOf<TimeoutException>(), "all that it is asked counts together");
        Assert.That(attempt.IsUnderWay, Is.True);
        await KeyAttempt.Start(_ => Task.CompletedTask).WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, CancellationToken.None);
    }

    /// <summary>Else a request with three queries would be told after three times as long.</summary>
    [Test]
    public async Task When_somebody_has_waited_in_vain_nobody_waits_again_for_a_while()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        stage.BeginOutage(KeyStage.Hanging);
        stage.ShouldNotRead(clinic, id, ProtectionErrors.Unavailable);

        var clock = Stopwatch.StartNew();
        await using var work = TenantWork.Of(stage.Api, clinic.Id);
        for (var i = 0; i < 5; i++)
        {
            Assert.That(await work.Db.Set<SealedProbe>().CountAsync(), Is.EqualTo(1), "what needs no key is answered");
        }

        Assert.That(clock.Elapsed, Is.LessThan(TenantKeyRings.Patience));
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(1));
    }

    [TestCase("ThrottlingException")]
    [TestCase(KeyStage.Hanging)]
    public async Task Sixteen_who_write_for_a_new_tenant_are_told_as_soon_as_one(string how)
    {
        var clinic = await App.NewClinicAsync();
        stage.BeginOutage(how);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => TimedAsync(() => FailedWriteAsync(clinic)))));
        Assert.That(answers.Select(answer => answer.Result.Error), Has.All.EqualTo(ProtectionErrors.Unavailable));
        Assert.That(answers.Max(answer => answer.Elapsed), Is.LessThan(Bound));

        stage.EndOutage();
        stage.Time.Advance(KeyRefresh.RetryAfter);
        await Eventually.IsTrueAsync(() => CanWriteAsync(clinic), "It never recovered.");
    }

    [Test]
    public async Task After_a_quarter_of_an_hour_nobody_is_served_and_when_it_is_back_everybody()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        await stage.ShouldReadAsync(clinic, id);
        stage.Time.Advance(TimeSpan.FromMinutes(1));
        stage.BeginOutage("status_500");

        stage.Time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromMinutes(1) - TimeSpan.FromSeconds(1));
        await stage.ShouldReadAsync(clinic, id, "a second before the end");
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        stage.ShouldNotRead(clinic, id, ProtectionErrors.Unavailable);

        stage.EndOutage();
        stage.ShouldNotRead(clinic, id, ProtectionErrors.Unavailable);
        stage.Time.Advance(KeyRefresh.RetryAfter);
        await stage.ShouldReadAsync(clinic, id, "once it is asked again");
        Assert.That(stage.CountLines(clinic, "The keys of tenant {TenantId} can be had again"), Is.EqualTo(1));
    }

    [Test]
    public async Task It_recovers_while_keys_at_hand_still_serve()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        await stage.ShouldReadAsync(clinic, id);
        stage.BeginOutage("status_500");
        stage.Time.Advance(TimeSpan.FromMinutes(5));
        await stage.ShouldReadAsync(clinic, id);
        stage.EndOutage();
        stage.Time.Advance(KeyRefresh.RetryAfter);
        await stage.ShouldReadAsync(clinic, id, "who asks is not kept waiting");
        await Eventually.IsTrueAsync(
            () => Task.FromResult(stage.CountLines(clinic, "The keys of tenant {TenantId} can be had again") == 1), "It never recovered.");

        stage.Time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromMinutes(5));
        await stage.ShouldReadAsync(clinic, id, "with the keys that it got then");
    }

    [Test]
    public async Task A_key_that_is_disabled_is_used_for_five_minutes_at_most_and_not_a_moment_more()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        await stage.ShouldReadAsync(clinic, id);
        stage.Refuse();

        stage.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        await stage.ShouldReadAsync(clinic, id, "nobody has told this node");
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
        {
            stage.ShouldNotRead(clinic, id, ProtectionErrors.Refused);
        }

        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(2), "it is not asked again at once");
        Assert.That(stage.CountLines(clinic, "The key service does not give the keys of tenant"), Is.EqualTo(1));

        stage.Time.Advance(KeyRefresh.RetryAfter - TimeSpan.FromSeconds(1));
        stage.ShouldNotRead(clinic, id, ProtectionErrors.Refused);
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(2));
        stage.Time.Advance(TimeSpan.FromSeconds(1));
        stage.ShouldNotRead(clinic, id, ProtectionErrors.Refused);
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(3));

        stage.EndOutage();
        stage.Time.Advance(KeyRefresh.RetryAfter);
        await stage.ShouldReadAsync(clinic, id, "when it is enabled again");
    }

    /// <summary>An outage must not be what a refusal is overlooked in.</summary>
    [Test]
    public async Task A_key_that_is_disabled_during_an_outage_serves_no_longer_than_until_that_is_known()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        await stage.ShouldReadAsync(clinic, id);
        stage.BeginOutage("status_500");
        stage.Time.Advance(TimeSpan.FromMinutes(5));
        await stage.ShouldReadAsync(clinic, id);

        stage.Refuse();
        stage.Time.Advance(KeyRefresh.RetryAfter);
        try
        {
            // It brings the attempt about that finds out, and may be answered before.
            await stage.ReadAsync(clinic, id);
        }
        catch (KeysUnavailableException)
        {
            // Or after.
        }

        await Eventually.IsTrueAsync(
            () => Task.FromResult(stage.CountLines(clinic, "The key service does not give the keys of tenant") == 1), "It was never found out.");
        stage.ShouldNotRead(clinic, id, ProtectionErrors.Refused);
    }

    private async Task<KeysUnavailableException> FailedWriteAsync(Clinic clinic)
    {
        try
        {
            await stage.WriteAsync(clinic.Id);
        }
        catch (KeysUnavailableException e)
        {
            return e;
        }

        throw new AssertionException("It was written.");
    }

    private async Task<bool> CanWriteAsync(Clinic clinic)
    {
        try
        {
            await stage.ShouldReadAsync(clinic, await stage.WriteAsync(clinic.Id));
            return true;
        }
        catch (KeysUnavailableException)
        {
            // A call that hangs is given up after some seconds, and a new one is made after that.
            stage.Time.Advance(KeyRefresh.RetryAfter);
            return false;
        }
    }

    private static async Task<(T Result, TimeSpan Elapsed)> TimedAsync<T>(Func<Task<T>> work)
    {
        var clock = Stopwatch.StartNew();
        var result = await work();
        return (result, clock.Elapsed);
    }
}
