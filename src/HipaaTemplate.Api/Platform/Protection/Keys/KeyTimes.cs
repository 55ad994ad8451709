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

    /// <summary>
    /// From a change of a tenant's keys to the moment when no node is without it, not even one that could not
    /// reach the provider: so a new version seals, and no hash under a retired one is written.
    /// </summary>
    public TimeSpan Delay => StaleLimit + ClocksApart;

    /// <summary>From a version's first use to the moment when nobody is sealing under the one before.</summary>
    public TimeSpan Settling => (UnitOfWork < Freshness ? UnitOfWork : Freshness) + ClocksApart;

    private TimeSpan ClocksApart => 0.1 * Freshness;
}
