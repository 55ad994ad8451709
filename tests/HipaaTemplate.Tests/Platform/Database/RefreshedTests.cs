using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.Logging.Abstractions;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>A view that is read in the background while it may still be used, and waited for when it may not.</summary>
internal sealed class RefreshedTests
{
    private static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(4);

    private readonly ManualTime time = new();
    private int loads;
    private Func<Task>? before;
    private Refreshed<string> view = null!;

    [SetUp]
    public void Start()
    {
        (loads, before) = (0, null);
        view = new Refreshed<string>(
            async (_, _) =>
            {
                var number = Interlocked.Increment(ref loads);
                await (before?.Invoke() ?? Task.CompletedTask);
                return $"value {number}";
            },
            RefreshAfter, MaximumAge, time, NullLogger.Instance);
    }

    [Test]
    public async Task However_many_ask_at_first_it_is_read_once()
    {
        var gate = new TaskCompletionSource();
        before = () => gate.Task;
        var asking = Enumerable.Range(0, 50).Select(_ => view.GetAsync(CancellationToken.None).AsTask()).ToList();
        gate.SetResult();

        Assert.That(await Task.WhenAll(asking), Is.All.EqualTo("value 1"));
    }

    [Test]
    public async Task While_it_may_still_be_used_nobody_waits_for_the_next_one()
    {
        await view.GetAsync(CancellationToken.None);
        var gate = new TaskCompletionSource();
        before = () => gate.Task;
        time.Advance(RefreshAfter);

        var meanwhile = view.GetAsync(CancellationToken.None);

        Assert.That(meanwhile.IsCompletedSuccessfully, Is.True);
        Assert.That(await meanwhile, Is.EqualTo("value 1"));
        gate.SetResult();
        await Eventually.IsTrueAsync(async () => await view.GetAsync(CancellationToken.None) == "value 2", "It was never read again.");
    }

    [Test]
    public async Task When_it_may_not_be_used_any_more_everybody_waits()
    {
        await view.GetAsync(CancellationToken.None);
        time.Advance(MaximumAge);

        Assert.That(await view.GetAsync(CancellationToken.None), Is.EqualTo("value 2"));
    }

    /// <summary>A reading that took too long is as old as its beginning.</summary>
    [Test]
    public async Task A_reading_that_took_longer_than_it_may_be_old_is_repeated()
    {
        before = () =>
        {
            time.Advance(loads == 1 ? MaximumAge : TimeSpan.Zero);
            return Task.CompletedTask;
        };

        Assert.That(await view.GetAsync(CancellationToken.None), Is.EqualTo("value 2"));
    }

    [Test]
    public async Task Who_changed_the_table_does_not_get_a_reading_that_began_before()
    {
        var gate = new TaskCompletionSource();
        before = () => loads == 1 ? gate.Task : Task.CompletedTask;
        var early = view.GetAsync(CancellationToken.None).AsTask();
        await Eventually.IsTrueAsync(() => Task.FromResult(loads == 1), "It was never read.");

        var late = view.ReloadAsync(CancellationToken.None);
        gate.SetResult();

        Assert.That(await early, Is.EqualTo("value 1"));
        Assert.That(await late, Is.EqualTo("value 2"));
    }

    [Test]
    public async Task A_failure_reaches_those_who_wait_and_not_those_who_have_a_value()
    {
        before = () => throw new InvalidOperationException("away");
        Assert.That(async () => await view.GetAsync(CancellationToken.None), Throws.InvalidOperationException);

        before = null;
        await view.GetAsync(CancellationToken.None);
        before = () => throw new InvalidOperationException("away");
        time.Advance(RefreshAfter);
        Assert.That(await view.GetAsync(CancellationToken.None), Is.EqualTo("value 2"));
        time.Advance(MaximumAge);
        Assert.That(async () => await view.GetAsync(CancellationToken.None), Throws.InvalidOperationException);
    }

    [Test]
    public async Task Whoever_hangs_up_does_not_take_the_reading_along()
    {
        var gate = new TaskCompletionSource();
        before = () => gate.Task;
        using var hangUp = new CancellationTokenSource();
        var first = view.GetAsync(hangUp.Token).AsTask();
        var second = view.GetAsync(CancellationToken.None).AsTask();
        await hangUp.CancelAsync();
        gate.SetResult();

        Assert.That(async () => await first, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await second, Is.EqualTo("value 1"));
    }
}
