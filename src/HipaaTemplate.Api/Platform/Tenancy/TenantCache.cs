using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;

namespace HipaaTemplate.Platform.Tenancy;

/// <param name="time">By which values grow old.</param>
/// <param name="maximumValues">Of all tenants; a value that finds no room is not kept, and room is made.</param>
internal sealed class TenantCache(TimeProvider time, int maximumValues = TenantCache.MaximumValues)
    : ITenantCache, IDisposable
{
    private const int MaximumValues = 100_000;

    private readonly MemoryCache cache = new(new MemoryCacheOptions
    {
        SizeLimit = maximumValues,
        Clock = new Clock(time),
    });

    public int Count => cache.Count;

    public async ValueTask<T> GetOrLoadAsync<T>(
        TenantId tenant,
        string name,
        TimeSpan freshness,
        Func<TenantId, CancellationToken, Task<T>> load,
        CancellationToken ct)
    {
        // Asking for the value refuses an id that was never set.
        var key = new Key(TenantId.From(tenant.Value), name);
        if (cache.TryGetValue(key, out T? kept))
        {
            return kept!;
        }

        // From before the load: a slow one gives a value that is already that old.
        var freshUntil = time.GetUtcNow() + freshness;
        var loaded = await load(tenant, ct);
        cache.Set(key, loaded, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpiration = freshUntil });
        return loaded;
    }

    public void Dispose() => cache.Dispose();

    private sealed record Key(TenantId Tenant, string Name);

    private sealed class Clock(TimeProvider time) : ISystemClock
    {
        public DateTimeOffset UtcNow => time.GetUtcNow();
    }
}
