using System.Collections.Concurrent;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>One tenant's ring and what is known about getting the next one.</summary>
internal sealed class TenantKeyEntry(TenantId tenant)
{
    private readonly Lock gate = new();
    private TenantKeyRing? ring;
    private TenantKeyRing? outdated;
    private KeyAttempt? loading;
    private KeyAttempt? making;
    private DateTimeOffset retryAt = DateTimeOffset.MinValue;

    public TenantId Tenant => tenant;

    public ConcurrentDictionary<int, KeyBudget> Budgets { get; } = new();

    public DateTimeOffset UsedAt { get; private set; } = DateTimeOffset.MaxValue;

    public bool IsFailing { get; private set; }

    public KeysUnavailableException? Refusal { get; private set; }

    public bool HasRing => ring is not null;

    public TenantKeyRing? TryHold(DateTimeOffset now, TimeSpan limit)
    {
        UsedAt = now;
        var current = ring;
        return current is not null && current != outdated && now - current.LoadedAt < limit && current.TryHold() ? current : null;
    }

    /// <summary>A version is missing in it that a row is under, so it is asked for again, whatever its age.</summary>
    public void Outdate(TenantKeyRing lacking, DateTimeOffset now)
    {
        // Not each time, where the version is missing everywhere.
        if (now - lacking.LoadedAt > KeyRefresh.RetryAfter)
        {
            outdated = lacking;
        }
    }

    /// <summary>
    /// The attempt under way, or a new one; null while it is too early for another, or when somebody has waited for
    /// this one in vain: a request with two queries must not wait twice.
    /// </summary>
    public KeyAttempt? Begin(DateTimeOffset now, Func<KeyAttempt, Task> load) => Begin(ref loading, now, load);

    /// <summary>Likewise for the first key of a class.</summary>
    public KeyAttempt? BeginMaking(DateTimeOffset now, Func<KeyAttempt, Task> make) => Begin(ref making, now, make);

    /// <returns>Whether it could not be had before.</returns>
    public bool Loaded(TenantKeyRing loaded)
    {
        lock (gate)
        {
            var before = ring;
            ring = loaded;
            before?.Release();
            var recovered = IsFailing || Refusal is not null;
            IsFailing = false;
            Refusal = null;
            retryAt = DateTimeOffset.MinValue;
            return recovered;
        }
    }

    /// <param name="refusal">Null for an outage, through which the ring is kept.</param>
    /// <param name="notBefore">The next attempt.</param>
    /// <returns>Whether this is news.</returns>
    public bool Failed(KeysUnavailableException? refusal, DateTimeOffset notBefore)
    {
        lock (gate)
        {
            var isNews = refusal is null ? !IsFailing : Refusal is null;
            retryAt = notBefore;
            IsFailing = refusal is null;
            Refusal = refusal;
            if (refusal is not null)
            {
                ring?.Release();
                ring = null;
            }

            return isNews;
        }
    }

    public void Drop()
    {
        lock (gate)
        {
            ring?.Release();
            ring = null;
        }
    }

    private KeyAttempt? Begin(ref KeyAttempt? current, DateTimeOffset now, Func<KeyAttempt, Task> work)
    {
        lock (gate)
        {
            return now < retryAt ? null : current is { IsUnderWay: true } ? current : current = KeyAttempt.Start(work);
        }
    }
}
