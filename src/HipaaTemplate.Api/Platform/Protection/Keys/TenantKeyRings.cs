using System.Collections.Concurrent;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>
/// Unwrapped tenant keys, kept for KEY_CACHE_SECONDS: the provider is asked once a tenant in that time. While it
/// does not answer they serve on, three times as long at most; when it refuses they are dropped at once.
/// </summary>
internal sealed class TenantKeyRings : IDisposable
{
    /// <summary>How long a caller waits for the key service, so that it is told within a second.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(900);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TenantId, TenantKeyEntry> entries = new();
    private readonly KeyRefresh refresh;
    private readonly KeyTimes times;
    private readonly TimeProvider time;
    private readonly int maximumTenants;
    private readonly ITimer sweeping;

    public TenantKeyRings(KeyRefresh refresh, KeyTimes times, TimeProvider time, int maximumTenants = 10_000)
    {
        this.refresh = refresh;
        this.times = times;
        this.time = time;
        this.maximumTenants = maximumTenants;
        sweeping = time.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    public int Count => entries.Count(pair => pair.Value.HasRing);

    /// <returns>The ring, held for the caller, who releases it.</returns>
    /// <exception cref="KeysUnavailableException">There is none, and the provider gives none.</exception>
    public ValueTask<TenantKeyRing> HoldAsync(TenantId tenant, CancellationToken ct)
    {
        var entry = EntryOf(tenant);
        return entry.TryHold(time.GetUtcNow(), times.Freshness) is { } ring
            ? ValueTask.FromResult(ring)
            : new ValueTask<TenantKeyRing>(RefreshAsync(entry, ct));
    }

    /// <summary>The same, with a key of this class that seals; made if there is none.</summary>
    public async ValueTask<TenantKeyRing> HoldActiveAsync(TenantId tenant, DataClass dataClass, CancellationToken ct)
    {
        var ring = await HoldAsync(tenant, ct);
        if (ring.Active(dataClass, time.GetUtcNow()) is not null)
        {
            return ring;
        }

        ring.Release();
        return await MakeAsync(EntryOf(tenant), dataClass, ct);
    }

    /// <summary>A row is under a version that this ring has not.</summary>
    public void Outdate(TenantKeyRing ring)
    {
        if (entries.TryGetValue(ring.Tenant, out var entry))
        {
            entry.Outdate(ring, time.GetUtcNow());
        }
    }

    /// <summary>The next caller asks the provider again.</summary>
    public void Forget(TenantId tenant)
    {
        if (entries.TryGetValue(tenant, out var entry))
        {
            entry.Drop();
        }
    }

    public void Dispose()
    {
        sweeping.Dispose();
        foreach (var entry in entries.Values)
        {
            entry.Drop();
        }
    }

    private async Task<TenantKeyRing> RefreshAsync(TenantKeyEntry entry, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var attempt = entry.Begin(now, started => refresh.LoadAsync(entry, started));
        // What is only getting old is used on while the provider does not answer; nobody waits for it.
        if (entry.IsFailing && entry.TryHold(now, times.StaleLimit) is { } stale)
        {
            return stale;
        }

        if (attempt is not null)
        {
            await WaitAsync(entry, attempt, ct);
        }

        // What was just loaded is as fresh as it gets, however long it took; what could not be is used on.
        return entry.TryHold(time.GetUtcNow(), times.StaleLimit)
            ?? throw entry.Refusal ?? new KeysUnavailableException(ProtectionErrors.Unavailable);
    }

    private async Task<TenantKeyRing> MakeAsync(TenantKeyEntry entry, DataClass dataClass, CancellationToken ct)
    {
        // More than once when another class's key was made meanwhile, here or elsewhere, and took the number.
        while (entry.BeginMaking(time.GetUtcNow(), started => refresh.MakeAsync(entry, dataClass, started)) is { } making)
        {
            await WaitAsync(entry, making, ct);
            var ring = await HoldAsync(entry.Tenant, ct);
            if (ring.Active(dataClass, time.GetUtcNow()) is not null)
            {
                return ring;
            }

            ring.Release();
        }

        throw entry.Refusal ?? new KeysUnavailableException(ProtectionErrors.Unavailable);
    }

    private async Task WaitAsync(TenantKeyEntry entry, KeyAttempt attempt, CancellationToken ct)
    {
        try
        {
            await attempt.WaitAsync(Patience, time, ct);
        }
        catch (TimeoutException)
        {
            refresh.GiveUp(entry);
        }
    }

    private TenantKeyEntry EntryOf(TenantId tenant)
    {
        if (entries.TryGetValue(tenant, out var known))
        {
            return known;
        }

        MakeRoom();
        return entries.GetOrAdd(tenant, static id => new TenantKeyEntry(id));
    }

    /// <summary>Drops the tenants that were used least lately, a tenth at once so that it is seldom done.</summary>
    private void MakeRoom()
    {
        var surplus = entries.Count - maximumTenants;
        if (surplus <= 0)
        {
            return;
        }

        foreach (var (tenant, entry) in entries.OrderBy(pair => pair.Value.UsedAt).Take(surplus + (maximumTenants / 10)))
        {
            Remove(tenant, entry);
        }
    }

    /// <summary>Keys that nobody may use any more are not kept.</summary>
    private void Sweep()
    {
        var now = time.GetUtcNow();
        foreach (var (tenant, entry) in entries.Where(pair => now - pair.Value.UsedAt > times.StaleLimit))
        {
            Remove(tenant, entry);
        }
    }

    private void Remove(TenantId tenant, TenantKeyEntry entry)
    {
        if (entries.TryRemove(new KeyValuePair<TenantId, TenantKeyEntry>(tenant, entry)))
        {
            entry.Drop();
        }
    }
}
