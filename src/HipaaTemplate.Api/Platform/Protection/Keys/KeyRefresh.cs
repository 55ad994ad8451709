using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>Gets keys for an entry of the cache, and says once what is wrong when there are none.</summary>
internal sealed partial class KeyRefresh(KeyLoading loading, TimeProvider time, ILogger<KeyRefresh> logger)
{
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    /// <summary>Of each question to the key service.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <summary>Of all of it, with a database that is busy: as long as a request may take.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public Task LoadAsync(TenantKeyEntry entry, KeyAttempt attempt) =>
        AttemptAsync(entry, ct => loading.LoadAsync(entry.Tenant, entry.Budgets, generated: null, attempt, ct));

    /// <summary>The first key of a class. Another node may be quicker; then it is the other's.</summary>
    public Task MakeAsync(TenantKeyEntry entry, DataClass dataClass, KeyAttempt attempt) => AttemptAsync(entry, async ct =>
    {
        var generated = await loading.GenerateAsync(entry.Tenant, dataClass, delay: null, ct, attempt);
        return await loading.LoadAsync(entry.Tenant, entry.Budgets, generated, attempt, ct);
    });

    /// <summary>Whoever waits has less patience than the attempt, which goes on.</summary>
    public void GiveUp(TenantKeyEntry entry) => Failed(entry, "no answer in time");

    /// <summary>For all who wait, so none of their tokens counts; what went wrong is kept in the entry.</summary>
    private async Task AttemptAsync(TenantKeyEntry entry, Func<CancellationToken, Task<TenantKeyRing>> load)
    {
        try
        {
            using var deadline = new CancellationTokenSource(Limit, time);
            if (entry.Loaded(await load(deadline.Token)))
            {
                Recovered(logger, entry.Tenant);
            }
        }
        catch (KeyProviderException e) when (e.Fault != KeyProviderFault.Unavailable)
        {
            if (entry.Failed(new KeysUnavailableException(ProtectionErrors.Refused, e), time.GetUtcNow() + RetryAfter))
            {
                Refused(logger, entry.Tenant, e.Fault, e.Reason);
            }
        }
        catch (Exception e)
        {
            // If it was the database, the query that needed the keys will say so itself.
            Failed(entry, (e as KeyProviderException)?.Reason ?? e.GetType().Name);
        }
    }

    private void Failed(TenantKeyEntry entry, string reason)
    {
        if (entry.Failed(null, time.GetUtcNow() + RetryAfter))
        {
            Unavailable(logger, entry.Tenant, reason);
        }
    }

    [LoggerMessage(1501, LogLevel.Warning, "The keys of tenant {TenantId} cannot be refreshed: {Reason}")]
    private static partial void Unavailable(ILogger logger, TenantId tenantId, string reason);

    [LoggerMessage(1502, LogLevel.Critical, "The key service does not give the keys of tenant {TenantId} out ({Fault}): {Reason}")]
    private static partial void Refused(ILogger logger, TenantId tenantId, KeyProviderFault fault, string reason);

    [LoggerMessage(1503, LogLevel.Information, "The keys of tenant {TenantId} can be had again")]
    private static partial void Recovered(ILogger logger, TenantId tenantId);
}
