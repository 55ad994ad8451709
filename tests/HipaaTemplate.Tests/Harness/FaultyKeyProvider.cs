using System.Collections.Concurrent;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// The local provider as a service in a network is: its calls are counted, and it throttles, fails, refuses or
/// hangs when a test says so. What it does not refuse is really wrapped and unwrapped.
/// </summary>
internal sealed class FaultyKeyProvider : IKeyProvider
{
    private readonly ConcurrentQueue<KeyContext> calls = new();
    private readonly ConcurrentQueue<byte[]> plaintexts = new();
    private LocalKeyProvider real = null!;

    public string Name => LocalKeyProvider.ProviderName;

    /// <summary>What every call ends with; null when it answers.</summary>
    public KeyProviderException? Fault { get; set; }

    /// <summary>Calls wait until whoever made them gives up.</summary>
    public bool Hangs { get; set; }

    /// <summary>Calls wait for it, and are answered then.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>Every key that it gave out in clear, to be looked for where it must not be.</summary>
    public IReadOnlyCollection<byte[]> Plaintexts => plaintexts;

    public void Install(IServiceCollection services) => services.AddKeyedSingleton<IKeyProvider>(Name, (provider, _) =>
    {
        real = ActivatorUtilities.CreateInstance<LocalKeyProvider>(provider);
        return this;
    });

    /// <summary>How often it was asked for a tenant's keys.</summary>
    public int CallsFor(TenantId tenant) => calls.Count(context => context.Tenant == tenant);

    public async Task<GeneratedKey> GenerateAsync(KeyContext context, CancellationToken ct)
    {
        await AnswerAsync(context, ct);
        var generated = await real.GenerateAsync(context, ct);
        plaintexts.Enqueue([.. generated.Plaintext]);
        return generated;
    }

    public async Task<byte[]> UnwrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        await AnswerAsync(context, ct);
        var plaintext = await real.UnwrapAsync(key, context, ct);
        plaintexts.Enqueue([.. plaintext]);
        return plaintext;
    }

    public async Task<WrappedKey> RewrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        await AnswerAsync(context, ct);
        return await real.RewrapAsync(key, context, ct);
    }

    private async Task AnswerAsync(KeyContext context, CancellationToken ct)
    {
        calls.Enqueue(context);
        if (Hangs)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        }

        if (Gate is { } gate)
        {
            await gate.Task.WaitAsync(ct);
        }

        if (Fault is { } fault)
        {
            throw fault;
        }
    }
}
