using HipaaTemplate.Platform.Secrets.Services;

namespace HipaaTemplate.Tests.Platform.Secrets.Services;

/// <summary>What is lent for a time is asked for once, renewed before its end and waited for after it.</summary>
internal sealed class LeasedTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(10);

    private readonly ManualTime time = new();
    private int asked;
    private string? lastHeld;
    private Func<Task>? before;
    private Leased<string> leased = null!;

    [SetUp]
    public void Start()
    {
        (asked, lastHeld, before) = (0, null, null);
        leased = new Leased<string>(
            async (held, _) =>
            {
                lastHeld = held;
                var number = Interlocked.Increment(ref asked);
                await (before?.Invoke() ?? Task.CompletedTask);
                return new Lease<string>($"value {number}", Duration);
            },
            time);
    }

    [TearDown]
    public void Stop() => leased.Dispose();

    [Test]
    public async Task However_many_want_it_it_is_asked_for_once()
    {
        var gate = new TaskCompletionSource();
        before = () => gate.Task;
        var waiting = Enumerable.Range(0, 64).Select(_ => GetAsync()).ToList();
        gate.SetResult();
        Assert.That(await Task.WhenAll(waiting), Is.All.EqualTo("value 1"));
        Assert.That(await GetAsync(), Is.EqualTo("value 1"));
        Assert.That(asked, Is.EqualTo(1));
    }

    [Test]
    public async Task Well_before_its_end_it_is_renewed_and_nobody_waits()
    {
        await GetAsync();
        var gate = new TaskCompletionSource();
        before = () => gate.Task;
        time.Advance(Duration * 0.7);
        Assert.That(await GetAsync(), Is.EqualTo("value 1"));
        gate.SetResult();
        await Eventually.IsTrueAsync(async () => await GetAsync() == "value 2", "It was never renewed.");
        Assert.That(lastHeld, Is.EqualTo("value 1"), "What is held is what can be renewed.");
    }

    [Test]
    public async Task Earlier_than_that_it_is_left_alone()
    {
        await GetAsync();
        time.Advance(Duration * 0.5);
        Assert.That(await GetAsync(), Is.EqualTo("value 1"));
        Assert.That(asked, Is.EqualTo(1));
    }

    [Test]
    public async Task Near_its_end_it_is_waited_for_and_there_is_nothing_left_to_renew()
    {
        await GetAsync();
        time.Advance(Duration * 0.95);
        Assert.That(await GetAsync(), Is.EqualTo("value 2"));
        Assert.That(lastHeld, Is.Null);
    }

    [Test]
    public async Task What_nobody_uses_is_renewed_by_itself()
    {
        using var idle = new Leased<string>(
            (_, _) => Task.FromResult(new Lease<string>($"value {Interlocked.Increment(ref asked)}", TimeSpan.FromSeconds(2))), TimeProvider.System);
        await idle.GetAsync(CancellationToken.None);
        await Eventually.IsTrueAsync(() => Task.FromResult(Volatile.Read(ref asked) >= 3), "It was renewed no more than once.");
    }

    [Test]
    public async Task While_it_cannot_be_renewed_it_is_used_to_the_end_and_asked_for_with_pauses()
    {
        await GetAsync();
        before = () => throw new ServiceException(ServiceFault.Unavailable, "away");
        time.Advance(Duration * 0.7);
        for (var use = 0; use < 20; use++)
        {
            Assert.That(await GetAsync(), Is.EqualTo("value 1"));
        }

        await Eventually.IsTrueAsync(() => Task.FromResult(asked == 2), "Nobody tried to renew it.");
        Assert.That(asked, Is.EqualTo(2));
        time.Advance(Duration * 0.25);
        Assert.That(async () => await GetAsync(), Throws.InstanceOf<ServiceException>());
    }

    [Test]
    public async Task After_an_outage_it_is_asked_for_again_at_once()
    {
        before = () => throw new ServiceException(ServiceFault.Unavailable, "away");
        Assert.That(async () => await GetAsync(), Throws.InstanceOf<ServiceException>());
        before = null;
        Assert.That(await GetAsync(), Is.EqualTo("value 2"));
    }

    [Test]
    public async Task After_a_refusal_there_is_a_pause_in_which_the_refusal_is_the_answer()
    {
        before = () => throw new ServiceException(ServiceFault.Refused, "wrong secret");
        for (var attempt = 0; attempt < 5; attempt++)
        {
            Assert.That(async () => await GetAsync(), Throws.InstanceOf<ServiceException>().With.Message.EqualTo("wrong secret"));
        }

        Assert.That(asked, Is.EqualTo(1));
        before = null;
        time.Advance(TimeSpan.FromSeconds(11));
        Assert.That(await GetAsync(), Is.EqualTo("value 2"));
    }

    [Test]
    public async Task What_was_dropped_is_not_handed_out_and_dropping_it_twice_drops_no_other()
    {
        var first = await GetAsync();
        leased.Drop(first);
        var second = await GetAsync();
        leased.Drop(first);
        Assert.That(await GetAsync(), Is.SameAs(second));
        Assert.That(asked, Is.EqualTo(2));
    }

    [Test]
    public async Task Who_stops_waiting_takes_it_from_nobody()
    {
        var gate = new TaskCompletionSource();
        before = () => gate.Task;
        using var impatient = new CancellationTokenSource();
        var left = leased.GetAsync(impatient.Token).AsTask();
        var stayed = GetAsync();
        await impatient.CancelAsync();
        Assert.That(async () => await left, Throws.InstanceOf<OperationCanceledException>());
        gate.SetResult();
        Assert.That(await stayed, Is.EqualTo("value 1"));
    }

    private Task<string> GetAsync() => leased.GetAsync(CancellationToken.None).AsTask();
}
