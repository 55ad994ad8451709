using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>
/// The versions of a tenant's key in clear. Whoever uses it holds it: it is wiped when the cache has let go
/// of it and the last unit of work has ended, not under somebody who is sealing with it.
/// </summary>
internal sealed class TenantKeyRing
{
    private readonly IReadOnlyList<TenantKeyMaterial> versions;
    private int holders = 1; // the cache

    /// <param name="tenant">Whose keys.</param>
    /// <param name="versions">In the order of their numbers.</param>
    /// <param name="loadedAt">When loading them began.</param>
    public TenantKeyRing(TenantId tenant, IReadOnlyList<TenantKeyMaterial> versions, DateTimeOffset loadedAt)
    {
        Tenant = tenant;
        this.versions = versions;
        LoadedAt = loadedAt;
    }

    public TenantId Tenant { get; }

    /// <summary>When its loading began.</summary>
    public DateTimeOffset LoadedAt { get; }

    public IReadOnlyList<TenantKeyMaterial> Versions => versions;

    /// <returns>Null for a version that this node does not know, or not yet.</returns>
    public TenantKeyMaterial? Find(int version)
    {
        foreach (var material in versions)
        {
            if (material.Version == version)
            {
                return material;
            }
        }

        return null;
    }

    /// <summary>
    /// What seals now; null when the class has no key yet. Its first one seals at once, whatever the clock says:
    /// another node, whose clock is a little ahead, may have made it just now.
    /// </summary>
    public TenantKeyMaterial? Active(DataClass dataClass, DateTimeOffset now)
    {
        TenantKeyMaterial? active = null;
        foreach (var material in versions)
        {
            if (material.Class == dataClass && (active is null || material.ActiveFrom <= now))
            {
                active = material;
            }
        }

        return active;
    }

    /// <returns>False when it was wiped.</returns>
    public bool TryHold()
    {
        var current = Volatile.Read(ref holders);
        while (current > 0)
        {
            var seen = Interlocked.CompareExchange(ref holders, current + 1, current);
            if (seen == current)
            {
                return true;
            }

            current = seen;
        }

        return false;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref holders) != 0)
        {
            return;
        }

        foreach (var material in versions)
        {
            material.Dispose();
        }
    }
}
