using System.Security.Cryptography;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Settings;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Configuration;

namespace HipaaTemplate.Tests.Platform.Protection.Providers;

/// <summary>
/// What <see cref="IKeyProvider"/> promises, whoever keeps the keys. Nothing here needs a service to be
/// broken, so the same cases run on a real one (./test live-aws); the rest is KeyServiceContract.
/// </summary>
internal abstract class KeyProviderContract
{
    private const int MostBytes = 1024;

    protected KeyProviderStage Stage { get; private set; } = null!;

    protected IKeyProvider Provider { get; private set; } = null!;

    /// <summary>A tenant of the test's own, so that its calls are told from those of others.</summary>
    protected KeyContext Context { get; private set; } = null!;

    private static IEnumerable<TestCaseData> Changes =>
    [
        Change("another environment", context => context with { Environment = "staging" }),
        Change("an environment with the same beginning", context => context with { Environment = context.Environment + "2" }),
        Change("another tenant", context => context with { Tenant = TenantId.From(Guid.CreateVersion7()) }),
        Change("another class", context => context with { Class = DataClass.Document }),
        Change("the version before", context => context with { Version = context.Version - 1 }),
        Change("the version after", context => context with { Version = context.Version + 1 }),
        Change("a version with the same beginning", context => context with { Version = (context.Version * 10) + 1 }),
    ];

    [OneTimeSetUp]
    public async Task StartStageAsync()
    {
        Stage = await StartAsync();
        Provider = Stage.NewProvider();
    }

    [OneTimeTearDown]
    public async Task StopStageAsync()
    {
        (Provider as IDisposable)?.Dispose();
        if (Stage is { } stage)
        {
            await stage.DisposeAsync();
        }
    }

    [SetUp]
    public void NewContext() => Context = NewContext(DataClass.General);

    [Test]
    public void Its_name_is_one_that_KEY_PROVIDER_takes()
    {
        var settings = new KeyProviderSettings();
        var problems = SettingsBinder.Bind(settings, new ConfigurationBuilder().AddInMemoryCollection(
            [new("KEY_PROVIDER", Provider.Name), new("KEY_ID", "any")]).Build());
        Assert.That(problems, Is.Empty);
        Assert.That(settings.Provider, Is.Not.Null);
    }

    [Test]
    public async Task A_generated_key_has_32_bytes_and_opens_again()
    {
        var generated = await GenerateAsync();
        Assert.That(generated.Plaintext, Has.Length.EqualTo(32).And.Some.Not.Zero);
        Assert.That(await OpenAsync(generated.Wrapped), Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task Two_generated_keys_differ()
    {
        var one = await GenerateAsync();
        var two = await GenerateAsync();
        Assert.That(one.Plaintext, Is.Not.EqualTo(two.Plaintext));
        Assert.That(one.Wrapped.Bytes, Is.Not.EqualTo(two.Wrapped.Bytes));
    }

    [Test]
    public async Task A_wrapped_key_is_small_names_its_key_and_does_not_hold_it_in_clear()
    {
        var (plaintext, wrapped) = await GenerateAsync();
        Assert.That(wrapped.Bytes, Has.Length.GreaterThan(plaintext.Length).And.Length.AtMost(MostBytes));
        Assert.That(wrapped.KeyId, Is.Not.Empty);
        foreach (var text in new[] { Convert.ToHexString(wrapped.Bytes), wrapped.KeyId })
        {
            Assert.That(text, Does.Not.Contain(Convert.ToHexString(plaintext)).IgnoreCase);
        }
    }

    [Test]
    public async Task A_key_of_each_class_opens([Values] DataClass dataClass)
    {
        Context = NewContext(dataClass);
        var generated = await GenerateAsync();
        Assert.That(await OpenAsync(generated.Wrapped), Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task The_first_and_the_last_version_open([Values(1, int.MaxValue)] int version)
    {
        Context = Context with { Version = version };
        var generated = await GenerateAsync();
        Assert.That(await OpenAsync(generated.Wrapped), Is.EqualTo(generated.Plaintext));
    }

    [TestCaseSource(nameof(Changes))]
    public async Task A_key_does_not_open_for(Func<KeyContext, KeyContext> change)
    {
        var generated = await GenerateAsync();
        await IsRefusedAsync(KeyProviderFault.NotAuthentic, KeyOperation.Unwrap, generated.Wrapped, change(Context));
    }

    [TestCaseSource(nameof(Changes))]
    public async Task A_key_is_not_rewrapped_for(Func<KeyContext, KeyContext> change)
    {
        var generated = await GenerateAsync();
        await IsRefusedAsync(KeyProviderFault.NotAuthentic, KeyOperation.Rewrap, generated.Wrapped, change(Context));
    }

    [Test]
    public async Task A_wrapped_key_with_any_byte_changed_does_not_open([Values(0x01, 0x80)] int bit)
    {
        var (_, wrapped) = await GenerateAsync();
        for (var at = 0; at < wrapped.Bytes.Length; at++)
        {
            byte[] changed = [.. wrapped.Bytes];
            changed[at] ^= (byte)bit;
            await DoesNotOpenAsync(wrapped with { Bytes = changed }, $"byte {at}");
        }
    }

    [Test]
    public async Task A_wrapped_key_that_ends_early_does_not_open()
    {
        var (_, wrapped) = await GenerateAsync();
        for (var length = 0; length < wrapped.Bytes.Length; length++)
        {
            await DoesNotOpenAsync(wrapped with { Bytes = wrapped.Bytes[..length] }, $"{length} bytes");
        }
    }

    [Test]
    public async Task A_wrapped_key_with_more_behind_it_does_not_open([Values(1, 16, 1024, 65_536)] int more)
    {
        var (_, wrapped) = await GenerateAsync();
        await DoesNotOpenAsync(wrapped with { Bytes = [.. wrapped.Bytes, .. new byte[more]] }, $"{more} more");
    }

    [Test]
    public async Task A_wrapped_key_with_something_before_it_does_not_open()
    {
        var (_, wrapped) = await GenerateAsync();
        await DoesNotOpenAsync(wrapped with { Bytes = [0, .. wrapped.Bytes] }, "one before");
        await DoesNotOpenAsync(wrapped with { Bytes = [.. wrapped.Bytes, .. wrapped.Bytes] }, "twice");
    }

    [Test]
    public async Task Bytes_that_were_never_a_key_do_not_open([Values(1, 32, 184, 1024)] int length)
    {
        var (_, wrapped) = await GenerateAsync();
        await DoesNotOpenAsync(wrapped with { Bytes = RandomNumberGenerator.GetBytes(length) }, $"{length} bytes");
    }

    [Test]
    public async Task A_key_under_the_name_of_another_does_not_open()
    {
        var (_, wrapped) = await GenerateAsync();
        using var other = Providing(Stage.OtherKeyId);
        var named = (await other.Provider.GenerateAsync(Context, CancellationToken.None)).Wrapped.KeyId;
        await IsRefusedAsync(KeyProviderFault.NotAuthentic, KeyOperation.Unwrap, wrapped with { KeyId = named }, Context);
        await IsRefusedAsync(KeyProviderFault.NotAuthentic, KeyOperation.Rewrap, wrapped with { KeyId = named }, Context);
    }

    [Test]
    public async Task A_key_under_a_name_that_nobody_has_does_not_open([Values("", "nobody", "../nobody", "n?k=v#x y")] string name)
    {
        var (_, wrapped) = await GenerateAsync();
        var failure = await FailureOfAsync(KeyOperation.Unwrap, wrapped with { KeyId = name }, Context);
        Assert.That(failure?.Fault, Is.EqualTo(KeyProviderFault.NotAuthentic).Or.EqualTo(KeyProviderFault.Refused));
    }

    [Test]
    public async Task A_rewrapped_key_is_the_same_key_in_other_bytes_and_the_old_one_opens_still()
    {
        var generated = await GenerateAsync();
        var rewrapped = await Provider.RewrapAsync(generated.Wrapped, Context, CancellationToken.None);
        Assert.That(rewrapped.Bytes, Is.Not.EqualTo(generated.Wrapped.Bytes).And.Length.AtMost(MostBytes));
        Assert.That(await OpenAsync(rewrapped), Is.EqualTo(generated.Plaintext));
        Assert.That(await OpenAsync(generated.Wrapped), Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task A_key_may_be_rewrapped_again_and_again()
    {
        var generated = await GenerateAsync();
        var wrapped = generated.Wrapped;
        for (var round = 0; round < 5; round++)
        {
            wrapped = await Provider.RewrapAsync(wrapped, Context, CancellationToken.None);
        }

        Assert.That(wrapped.Bytes, Has.Length.AtMost(MostBytes));
        Assert.That(await OpenAsync(wrapped), Is.EqualTo(generated.Plaintext));
    }

    [TestCaseSource(nameof(Changes))]
    public async Task A_rewrapped_key_does_not_open_for(Func<KeyContext, KeyContext> change)
    {
        var generated = await GenerateAsync();
        var rewrapped = await Provider.RewrapAsync(generated.Wrapped, Context, CancellationToken.None);
        await IsRefusedAsync(KeyProviderFault.NotAuthentic, KeyOperation.Unwrap, rewrapped, change(Context));
    }

    [Test]
    public async Task A_key_is_rewrapped_to_the_key_that_the_settings_name_now()
    {
        var generated = await GenerateAsync();
        using var later = Providing(Stage.OtherKeyId);
        var rewrapped = await later.Provider.RewrapAsync(generated.Wrapped, Context, CancellationToken.None);
        var ofThatKey = await later.Provider.GenerateAsync(Context, CancellationToken.None);
        Assert.That(rewrapped.KeyId, Is.EqualTo(ofThatKey.Wrapped.KeyId).And.Not.EqualTo(generated.Wrapped.KeyId));
        // Which key it is stands with the wrapped key, so a node with the settings of yesterday opens it too.
        Assert.That(await OpenAsync(rewrapped), Is.EqualTo(generated.Plaintext));
        Assert.That(
            await later.Provider.UnwrapAsync(generated.Wrapped, Context, CancellationToken.None),
            Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task A_class_with_a_key_of_its_own_is_wrapped_and_rewrapped_with_that_one()
    {
        using var own = Providing(Stage.KeyId, $"document={Stage.OtherKeyId}");
        var document = NewContext(DataClass.Document);
        var general = (await own.Provider.GenerateAsync(Context, CancellationToken.None)).Wrapped;
        var generated = await own.Provider.GenerateAsync(document, CancellationToken.None);
        Assert.That(generated.Wrapped.KeyId, Is.Not.EqualTo(general.KeyId));

        var shared = await Provider.GenerateAsync(document, CancellationToken.None);
        var rewrapped = await own.Provider.RewrapAsync(shared.Wrapped, document, CancellationToken.None);
        Assert.That(shared.Wrapped.KeyId, Is.EqualTo(general.KeyId));
        Assert.That(rewrapped.KeyId, Is.EqualTo(generated.Wrapped.KeyId));
        Assert.That(
            await Provider.UnwrapAsync(rewrapped, document, CancellationToken.None), Is.EqualTo(shared.Plaintext));
    }

    [Test]
    public async Task Another_instance_opens_it()
    {
        var generated = await GenerateAsync();
        using var other = Providing(Stage.KeyId);
        Assert.That(
            await other.Provider.UnwrapAsync(generated.Wrapped, Context, CancellationToken.None),
            Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task A_caller_who_wipes_a_key_wipes_no_other()
    {
        var generated = await GenerateAsync();
        byte[] expected = [.. generated.Plaintext];
        byte[] stored = [.. generated.Wrapped.Bytes];
        CryptographicOperations.ZeroMemory(generated.Plaintext);
        var first = await OpenAsync(generated.Wrapped);
        Assert.That(first, Is.EqualTo(expected));
        CryptographicOperations.ZeroMemory(first);
        Assert.That(await OpenAsync(generated.Wrapped), Is.EqualTo(expected));
        Assert.That(generated.Wrapped.Bytes, Is.EqualTo(stored));
    }

    [Test]
    public async Task Sixty_four_at_once_each_get_their_own_key()
    {
        var keys = await Task.WhenAll(Enumerable.Range(1, 64).Select(async version =>
        {
            var context = Context with { Version = version };
            var generated = await Provider.GenerateAsync(context, CancellationToken.None);
            var rewrapped = await Provider.RewrapAsync(generated.Wrapped, context, CancellationToken.None);
            var opened = await Provider.UnwrapAsync(rewrapped, context, CancellationToken.None);
            Assert.That(opened, Is.EqualTo(generated.Plaintext));
            return Convert.ToHexString(opened);
        }));
        Assert.That(keys, Is.Unique);
    }

    [Test]
    public async Task A_call_that_was_cancelled_before_it_began_says_so([Values] KeyOperation operation)
    {
        var (_, wrapped) = await GenerateAsync();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Assert.That(
            async () => await RunAsync(operation, wrapped, Context, cancelled.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }

    protected static KeyContext NewContext(DataClass dataClass) =>
        new("development", TenantId.From(Guid.CreateVersion7()), dataClass, 7);

    protected abstract Task<KeyProviderStage> StartAsync();

    protected Task<GeneratedKey> GenerateAsync() => Provider.GenerateAsync(Context, CancellationToken.None);

    protected Task<byte[]> OpenAsync(WrappedKey wrapped) => Provider.UnwrapAsync(wrapped, Context, CancellationToken.None);

    protected async Task RunAsync(KeyOperation operation, WrappedKey wrapped, KeyContext context, CancellationToken ct)
    {
        switch (operation)
        {
            case KeyOperation.Generate: await Provider.GenerateAsync(context, ct); break;
            case KeyOperation.Unwrap: await Provider.UnwrapAsync(wrapped, context, ct); break;
            default: await Provider.RewrapAsync(wrapped, context, ct); break;
        }
    }

    /// <returns>Null when it succeeded. Any other exception fails the test as it is: nothing else may be thrown.</returns>
    protected async Task<KeyProviderException?> FailureOfAsync(KeyOperation operation, WrappedKey wrapped, KeyContext context)
    {
        try
        {
            await RunAsync(operation, wrapped, context, CancellationToken.None);
            return null;
        }
        catch (KeyProviderException failure)
        {
            HoldsNothingSecret(failure.Message, context);
            HoldsNothingSecret(failure.Reason, context);
            return failure;
        }
    }

    protected async Task IsRefusedAsync(
        KeyProviderFault fault, KeyOperation operation, WrappedKey wrapped, KeyContext context, string? because = null)
    {
        var failure = await FailureOfAsync(operation, wrapped, context);
        Assert.That(failure?.Fault, Is.EqualTo(fault), because ?? failure?.Reason ?? "It succeeded.");
    }

    /// <summary>An instance with settings of its own.</summary>
    protected Own Providing(string keyId, string? byClass = null)
    {
        var settings = new Dictionary<string, string> { ["KEY_ID"] = keyId };
        if (byClass is not null)
        {
            settings["KEY_IDS_BY_CLASS"] = byClass;
        }

        return new Own(Stage.NewProvider(settings));
    }

    private static TestCaseData Change(string name, Func<KeyContext, KeyContext> change) =>
        new TestCaseData(change).SetArgDisplayNames(name);

    private Task DoesNotOpenAsync(WrappedKey wrapped, string because) =>
        IsRefusedAsync(KeyProviderFault.NotAuthentic, KeyOperation.Unwrap, wrapped, Context, because);

    private void HoldsNothingSecret(string text, KeyContext context)
    {
        foreach (var secret in Stage.Secrets.Append("127.0.0.1").Append("localhost").Append("://").Append(context.Tenant!.Value.ToString()))
        {
            // Not NUnit's Does.Not.Contain: its message would show the secret.
            Assert.That(text.Contains(secret, StringComparison.OrdinalIgnoreCase), Is.False, "A text holds what it must not.");
        }
    }

    protected sealed class Own(IKeyProvider provider) : IDisposable
    {
        public IKeyProvider Provider => provider;

        public void Dispose() => (provider as IDisposable)?.Dispose();
    }
}

internal enum KeyOperation
{
    Generate,
    Unwrap,
    Rewrap,
}
