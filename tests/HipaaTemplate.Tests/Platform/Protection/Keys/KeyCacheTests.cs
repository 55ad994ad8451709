using System.Text;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Protection.Keys;

/// <summary>
/// A tenant's key is asked for once in five minutes on each node, whoever needs it, and is wiped when nobody
/// does any more.
/// </summary>
internal sealed class KeyCacheTests
{
    private KeyStage stage = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => stage = await KeyStage.StartAsync();

    [TearDown]
    public void EndOutage() => stage.EndOutage();

    [OneTimeTearDown]
    public ValueTask StopAsync() => stage.DisposeAsync();

    [Test]
    public async Task Sixty_four_at_once_ask_once_for_a_tenant_nobody_asked_for_before()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        stage.Provider.Gate = new TaskCompletionSource();
        var reads = Enumerable.Range(0, 64).Select(_ => Task.Run(() => stage.ReadAsync(clinic, id))).ToList();
        await Eventually.IsTrueAsync(() => Task.FromResult(stage.Provider.CallsFor(clinic.Id) > 0), "Nobody asked.");
        stage.Provider.Gate.SetResult();

        Assert.That(await Task.WhenAll(reads), Has.All.EqualTo(KeyStage.Note));
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(1));
    }

    [Test]
    public async Task It_is_asked_once_in_five_minutes_and_once_after_them()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        for (var i = 0; i < 50; i++)
        {
            await stage.ShouldReadAsync(clinic, id);
        }

        stage.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        await stage.ShouldReadAsync(clinic, id);
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(1));

        stage.Time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => stage.ShouldReadAsync(clinic, id))));
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(2));
    }

    [Test]
    public async Task Two_tenants_are_two_calls()
    {
        var (northwind, here) = await KeyStage.NewRecordAsync();
        var (southgate, there) = await KeyStage.NewRecordAsync();
        for (var i = 0; i < 5; i++)
        {
            await stage.ShouldReadAsync(northwind, here);
            await stage.ShouldReadAsync(southgate, there);
        }

        Assert.That(stage.Provider.CallsFor(northwind.Id), Is.EqualTo(1));
        Assert.That(stage.Provider.CallsFor(southgate.Id), Is.EqualTo(1));
    }

    [Test]
    public async Task A_new_tenants_key_is_made_by_one_call_whoever_writes_first()
    {
        var clinic = await App.NewClinicAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => stage.WriteAsync(clinic.Id))));
        foreach (var id in ids)
        {
            await stage.ShouldReadAsync(clinic, id);
        }

        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(1));
    }

    /// <summary>Each request holds a connection while its keys are fetched; fetching them takes another one.</summary>
    [Test]
    public async Task More_tenants_at_once_than_there_are_connections_are_all_served()
    {
        await using var small = await KeyStage.StartAsync(new Dictionary<string, string> { ["DATABASE_POOL_SIZE"] = "3" });
        var records = new List<(Clinic Clinic, Guid Id)>();
        for (var i = 0; i < 12; i++)
        {
            records.Add(await KeyStage.NewRecordAsync());
        }

        await Task.WhenAll(records.Select(record => Task.Run(() => small.ShouldReadAsync(record.Clinic, record.Id))));
    }

    [Test]
    public async Task A_unit_of_work_that_takes_longer_than_five_minutes_gets_its_keys_anew()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        await using var work = TenantWork.Of(stage.Api, clinic.Id);
        var before = await work.Db.Set<SealedProbe>().AsNoTracking().SingleAsync(p => p.Id == id);
        var ring = work.Db.Keys!.Ring;

        stage.Time.Advance(TimeSpan.FromMinutes(5));
        var after = await work.Db.Set<SealedProbe>().AsNoTracking().SingleAsync(p => p.Id == id);

        Assert.That(work.Db.Keys.Ring, Is.Not.SameAs(ring));
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(2));
        Assert.That(before.Note!.Reveal(), Is.EqualTo(KeyStage.Note), "what was loaded under the former ring");
        Assert.That(after.Note!.Reveal(), Is.EqualTo(KeyStage.Note));

        // A key of it may be in use a few lines away.
        Assert.That(() => ring.Versions[0].WrappingKey.ToArray(), Throws.Nothing);
        await work.DisposeAsync();
        Assert.That(() => ring.Versions[0].WrappingKey.ToArray(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task A_ring_is_wiped_when_the_cache_and_all_who_hold_it_have_let_go()
    {
        var (clinic, _) = await KeyStage.NewRecordAsync();
        var ring = await stage.Rings.HoldAsync(clinic.Id, CancellationToken.None);
        Assert.That(await stage.Rings.HoldAsync(clinic.Id, CancellationToken.None), Is.SameAs(ring));

        stage.Rings.Forget(clinic.Id);
        ring.Release();
        Assert.That(ring.Versions[0].WrappingKey.ToArray(), Has.Some.Not.Zero, "one holds it still");
        ring.Release();

        Assert.That(() => ring.Versions[0].WrappingKey.ToArray(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(ring.TryHold(), Is.False);
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(1));
        (await stage.Rings.HoldAsync(clinic.Id, CancellationToken.None)).Release();
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(2), "who comes later asks again");
    }

    [Test]
    public void A_key_that_is_disposed_of_is_zeros_and_is_not_given_out()
    {
        var key = new SecretKey(Enumerable.Repeat((byte)7, SecretKey.Length).ToArray());
        var memory = key.Bytes;
        Assert.That(memory.ToArray(), Has.All.EqualTo(7));
        key.Dispose();

        Assert.That(memory.ToArray(), Has.All.Zero);
        Assert.That(() => key.Bytes.ToArray(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Those_used_least_lately_go_first_and_whoever_uses_one_goes_on()
    {
        const int most = 10;
        await using var small = await KeyStage.StartAsync(configureServices: services => services.AddSingleton(provider =>
            new TenantKeyRings(
                provider.GetRequiredService<KeyRefresh>(), provider.GetRequiredService<KeyTimes>(), provider.GetRequiredService<TimeProvider>(), most)));
        var (idle, idleRow) = await KeyStage.NewRecordAsync();
        var (busy, busyRow) = await KeyStage.NewRecordAsync();
        await using var work = TenantWork.Of(small.Api, idle.Id);
        var loaded = await work.Db.Set<SealedProbe>().AsNoTracking().SingleAsync(p => p.Id == idleRow);
        var ring = work.Db.Keys!.Ring;

        for (var i = 0; i < 3 * most; i++)
        {
            small.Time.Advance(TimeSpan.FromSeconds(1));
            (await small.Rings.HoldAsync(TenantId.From(Guid.CreateVersion7()), CancellationToken.None)).Release();
            small.Time.Advance(TimeSpan.FromSeconds(1));
            await small.ShouldReadAsync(busy, busyRow);
            Assert.That(small.Rings.Count, Is.LessThanOrEqualTo(most + 1));
        }

        Assert.That(small.Provider.CallsFor(busy.Id), Is.EqualTo(1), "it was always used lately");
        Assert.That(loaded.Note!.Reveal(), Is.EqualTo(KeyStage.Note));
        Assert.That(
            (await work.Db.Set<SealedProbe>().SingleAsync(p => p.Id == idleRow)).Note!.Reveal(), Is.EqualTo(KeyStage.Note));
        Assert.That(small.Provider.CallsFor(idle.Id), Is.EqualTo(1), "its unit of work had them");
        await work.DisposeAsync();
        Assert.That(() => ring.Versions[0].WrappingKey.ToArray(), Throws.InstanceOf<ObjectDisposedException>());

        await small.ShouldReadAsync(idle, idleRow);
        Assert.That(small.Provider.CallsFor(idle.Id), Is.EqualTo(2));
    }

    [Test]
    public async Task Keys_that_nobody_used_for_a_quarter_of_an_hour_are_wiped()
    {
        var time = new SweepingTime();
        using var rings = new TenantKeyRings(
            stage.Api.Services.GetRequiredService<KeyRefresh>(), stage.Api.Services.GetRequiredService<KeyTimes>(), time);
        var (idle, _) = await KeyStage.NewRecordAsync();
        var (busy, _) = await KeyStage.NewRecordAsync();
        var ring = await rings.HoldAsync(idle.Id, CancellationToken.None);
        ring.Release();
        time.Now += TimeSpan.FromMinutes(15);
        (await rings.HoldAsync(busy.Id, CancellationToken.None)).Release();
        time.Sweep();
        Assert.That(rings.Count, Is.EqualTo(2), "not longer than it might be used");

        time.Now += TimeSpan.FromSeconds(1);
        time.Sweep();
        Assert.That(rings.Count, Is.EqualTo(1));
        Assert.That(() => ring.Versions[0].WrappingKey.ToArray(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task No_key_is_in_any_line_of_the_log()
    {
        var clinic = await App.NewClinicAsync();
        var id = await stage.WriteAsync(clinic.Id);
        foreach (var fault in Enum.GetValues<KeyProviderFault>())
        {
            stage.Time.Advance(TimeSpan.FromMinutes(15));
            stage.Provider.Fault = new KeyProviderException(fault, "it is a test");
            Assert.That(() => stage.ReadAsync(clinic, id), Throws.InstanceOf<KeysUnavailableException>());
            stage.Provider.Fault = null;
            stage.Time.Advance(KeyRefresh.RetryAfter);
            await stage.ShouldReadAsync(clinic, id);
        }

        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        var secrets = stage.Provider.Plaintexts
            .Append(await dba.ScalarAsync<byte[]>($"SELECT wrapped FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}'"))
            .Append(await dba.ScalarAsync<byte[]>($"SELECT wrapped FROM keys.subject_keys WHERE subject_id = '{id}'"))
            .ToList();
        var log = string.Join('\n', stage.Log.Lines);
        Assert.That(stage.CountLines(clinic, "The keys of tenant"), Is.GreaterThan(1), "else there was nothing to look at");
        Assert.That(secrets.Where(secret => Shows(log, secret)), Is.Empty);
        Assert.That(Shows($"a line with {Convert.ToBase64String(secrets[0])} in it", secrets[0]), Is.True, "it would be found");
    }

    private static bool Shows(string log, byte[] secret) => new[]
    {
        Convert.ToHexString(secret),
        Convert.ToBase64String(secret)[..^4],
        string.Join(',', secret),
        BitConverter.ToString(secret),
        Encoding.Latin1.GetString(secret),
    }.Any(form => log.Contains(form, StringComparison.OrdinalIgnoreCase));

    /// <summary>A clock whose sweeping timer a test rings.</summary>
    private sealed class SweepingTime : TimeProvider
    {
        private readonly List<Action> timers = [];

        public DateTimeOffset Now { get; set; } = System.GetUtcNow();

        public void Sweep() => timers.ForEach(ring => ring());

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan)
            {
                timers.Add(() => callback(state));
                return base.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
