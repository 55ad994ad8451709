using System.Diagnostics;
using HipaaTemplate.Platform.Protection.Providers;

namespace HipaaTemplate.Tests.Platform.Protection.Providers;

/// <summary>What <see cref="IKeyProvider"/> promises about a service: keys that turn over or are taken away, and every way to be broken.</summary>
internal abstract class KeyServiceContract : KeyProviderContract
{
    /// <summary>Far more than a provider may take of its own accord, far less than a test may hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    protected KeyServiceStage Service { get; private set; } = null!;

    /// <summary>Faults after which the same call may succeed. An answer that is no JSON is not the service's: somebody stands in between.</summary>
    private static IEnumerable<KeyServiceFault> Outages =>
    [
        KeyServiceFault.Throttled, KeyServiceFault.ServerError, KeyServiceFault.Reset, KeyServiceFault.ResetMidBody,
        KeyServiceFault.NotJson, KeyServiceFault.Down,
    ];

    private static IEnumerable<KeyState> Withdrawals => [KeyState.Disabled, KeyState.PendingDeletion, KeyState.Denied];

    /// <summary>
    /// Answers that are no key of ours. A fixture whose service cannot give one of them hides this list with
    /// its own: <c>private static new</c>.
    /// </summary>
    protected static IEnumerable<object[]> WrongAnswers =>
    [
        [KeyServiceFault.ShortKey, KeyOperation.Generate],
        [KeyServiceFault.ShortKey, KeyOperation.Unwrap],
        [KeyServiceFault.WrongKeyId, KeyOperation.Unwrap],
        [KeyServiceFault.WrongKeyId, KeyOperation.Rewrap],
    ];

    [TearDown]
    public void Repair()
    {
        Service.Fail(null);
        Service.SetKey(Service.KeyId, KeyState.Enabled);
        Service.SetKey(Service.OtherKeyId, KeyState.Enabled);
    }

    [Test]
    public async Task A_key_from_before_the_service_turned_its_own_over_opens_and_so_does_one_from_after()
    {
        var keys = new List<GeneratedKey> { await GenerateAsync() };
        for (var turn = 0; turn < 5; turn++)
        {
            Service.RotateKey(Service.KeyId);
            keys.Add(await GenerateAsync());
        }

        foreach (var key in keys)
        {
            Assert.That(await OpenAsync(key.Wrapped), Is.EqualTo(key.Plaintext));
        }
    }

    [Test]
    public async Task A_key_from_before_is_rewrapped_with_the_newest_version()
    {
        var generated = await GenerateAsync();
        Service.RotateKey(Service.KeyId);
        var rewrapped = await Provider.RewrapAsync(generated.Wrapped, Context, CancellationToken.None);
        var after = await GenerateAsync();
        Assert.That(rewrapped.KeyId, Is.EqualTo(after.Wrapped.KeyId));
        Assert.That(await OpenAsync(rewrapped), Is.EqualTo(generated.Plaintext));
        Assert.That(await OpenAsync(generated.Wrapped), Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task A_key_that_was_withdrawn_is_refused_at_once_and_works_when_it_is_given_back(
        [ValueSource(nameof(Withdrawals))] KeyState state, [Values] KeyOperation operation)
    {
        var (_, wrapped) = await GenerateAsync();
        await RunAsync(operation, wrapped, Context, CancellationToken.None);
        Service.SetKey(Service.KeyId, state);
        await IsRefusedAsync(KeyProviderFault.Refused, operation, wrapped, Context);
        Service.SetKey(Service.KeyId, KeyState.Enabled);
        await RunAsync(operation, wrapped, Context, CancellationToken.None);
    }

    [Test]
    public async Task A_key_that_was_withdrawn_is_refused_even_to_who_asks_for_another_context()
    {
        var (_, wrapped) = await GenerateAsync();
        Service.SetKey(Service.KeyId, KeyState.Disabled);
        await IsRefusedAsync(KeyProviderFault.Refused, KeyOperation.Unwrap, wrapped, Context with { Version = 8 });
    }

    [Test]
    public async Task What_another_key_wraps_is_not_concerned([ValueSource(nameof(Withdrawals))] KeyState state)
    {
        var generated = await GenerateAsync();
        Service.SetKey(Service.OtherKeyId, state);
        Assert.That(await OpenAsync(generated.Wrapped), Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task A_key_is_not_rewrapped_to_one_that_was_withdrawn([ValueSource(nameof(Withdrawals))] KeyState state)
    {
        var (_, wrapped) = await GenerateAsync();
        using var later = Providing(Service.OtherKeyId);
        Service.SetKey(Service.OtherKeyId, state);
        Assert.That(
            async () => await later.Provider.RewrapAsync(wrapped, Context, CancellationToken.None),
            Throws.InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Fault)).EqualTo(KeyProviderFault.Refused));
    }

    [Test]
    public async Task Once_it_is_rewrapped_the_old_key_may_be_withdrawn([ValueSource(nameof(Withdrawals))] KeyState state)
    {
        var generated = await GenerateAsync();
        using var later = Providing(Service.OtherKeyId);
        var rewrapped = await later.Provider.RewrapAsync(generated.Wrapped, Context, CancellationToken.None);
        Service.SetKey(Service.KeyId, state);
        await IsRefusedAsync(KeyProviderFault.Refused, KeyOperation.Unwrap, generated.Wrapped, Context);
        Assert.That(await OpenAsync(rewrapped), Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task A_service_out_of_order_is_unavailable_and_works_again_afterwards(
        [ValueSource(nameof(Outages))] KeyServiceFault fault, [Values] KeyOperation operation)
    {
        var (_, wrapped) = await GenerateAsync();
        var calls = Service.Calls;
        Service.Fail(fault);
        await IsRefusedAsync(KeyProviderFault.Unavailable, operation, wrapped, Context);
        Assert.That(Service.Calls - calls, Is.AtMost(2), "Who is in trouble is not helped by being asked again and again.");
        Service.Fail(null);
        await RunAsync(operation, wrapped, Context, CancellationToken.None);
    }

    [TestCaseSource(nameof(WrongAnswers))]
    public async Task An_answer_that_is_no_key_of_ours_is_not_believed(KeyServiceFault fault, KeyOperation operation)
    {
        var (_, wrapped) = await GenerateAsync();
        Service.Fail(fault);
        await IsRefusedAsync(KeyProviderFault.NotAuthentic, operation, wrapped, Context);
    }

    [Test]
    public async Task What_is_not_authentic_is_asked_once()
    {
        var (_, wrapped) = await GenerateAsync();
        var calls = Service.Calls;
        await IsRefusedAsync(KeyProviderFault.NotAuthentic, KeyOperation.Unwrap, wrapped, Context with { Version = 8 });
        Assert.That(Service.Calls - calls, Is.EqualTo(1));
    }

    [Test]
    public async Task A_caller_s_deadline_is_kept_while_the_service_does_not_answer([Values] KeyOperation operation)
    {
        var (_, wrapped) = await GenerateAsync();
        Service.Fail(KeyServiceFault.Hang);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var clock = Stopwatch.StartNew();
        Assert.That(
            async () => await RunAsync(operation, wrapped, Context, deadline.Token),
            Throws.InstanceOf<OperationCanceledException>());
        // Not the provider's own patience, which is at least two seconds.
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1.5)));
        Service.Fail(null);
        await RunAsync(operation, wrapped, Context, CancellationToken.None);
    }

    [Test]
    public async Task Without_a_deadline_a_service_that_does_not_answer_is_unavailable_in_the_end()
    {
        var (_, wrapped) = await GenerateAsync();
        Service.Fail(KeyServiceFault.Hang);
        await IsRefusedAsync(KeyProviderFault.Unavailable, KeyOperation.Unwrap, wrapped, Context).WaitAsync(Patience);
    }

    [Test]
    public async Task Sixty_four_at_once_are_all_told_of_an_outage()
    {
        var (_, wrapped) = await GenerateAsync();
        Service.Fail(KeyServiceFault.ServerError);
        var failures = await Task.WhenAll(
            Enumerable.Range(0, 64).Select(_ => FailureOfAsync(KeyOperation.Unwrap, wrapped, Context)));
        Assert.That(failures.Select(failure => failure?.Fault), Has.All.EqualTo(KeyProviderFault.Unavailable));
        Service.Fail(null);
        await OpenAsync(wrapped);
    }

    protected sealed override async Task<KeyProviderStage> StartAsync() => Service = await StartServiceAsync();

    protected abstract Task<KeyServiceStage> StartServiceAsync();
}
