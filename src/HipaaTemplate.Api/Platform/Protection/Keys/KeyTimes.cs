using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>What follows from KEY_CACHE_SECONDS. Every node and every verb of a deployment must have the same.</summary>
internal sealed class KeyTimes(IOptions<ProtectionSettings> settings)
{
    /// <summary>How long a unit of work may go on with the keys it has: as long as a request may take.</summary>
    private static readonly TimeSpan UnitOfWork = TimeSpan.FromSeconds(30);

    private readonly Lazy<TimeSpan> freshness = new(() => TimeSpan.FromSeconds(settings.Value.CacheSeconds));

    /// <summary>How long keys are used before the provider is asked again.</summary>
    public TimeSpan Freshness => freshness.Value;

    /// <summary>How long they are used when it does not answer.</summary>
    public TimeSpan StaleLimit => 3 * Freshness;

    /// <summary>From a new version's making to its first use: every node has asked by then, and clocks may be apart.</summary>
    public TimeSpan Delay => 1.1 * Freshness;

    /// <summary>From a version's first use to the moment when no node can be sealing under the one before.</summary>
    public TimeSpan Settling => StaleLimit + (UnitOfWork < Freshness ? UnitOfWork : Freshness);
}
