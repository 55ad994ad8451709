using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>Gets keys for an entry of the cache, and says once what is wrong when there are none.</summary>
internal sealed partial class KeyRefresh(KeyLoading loading, TimeProvider time, ILogger<KeyRefresh> logger)
{
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <summary>The first key of a class, not yet in the ring.</summary>
    /// <exception cref="KeysUnavailableException">It could not be made.</exception>
    public async Task<(int Version, byte[] Plaintext)?> GenerateAsync(
        TenantKeyEntry entry, DataClass dataClass, CancellationToken deadline, CancellationToken ct)
    {
        try
        {
            return await loading.GenerateAsync(entry.Tenant, dataClass, delay: null, deadline);
        }
        catch (KeyProviderException e)
        {
            throw Failure(entry, e);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new KeysUnavailableException(ProtectionErrors.Unavailable);
        }
    }

    /// <summary>For all who wait, so none of their tokens counts; what went wrong is kept in the entry.</summary>
    public async Task LoadAsync(TenantKeyEntry entry, (int Version, byte[] Plaintext)? generated)
    {
        try
        {
            using var deadline = new CancellationTokenSource(Deadline, time);
            var ring = await loading.LoadAsync(entry.Tenant, entry.Budgets, generated, deadline.Token);
            if (entry.Loaded(ring))
            {
                Recovered(logger, entry.Tenant);
            }
        }
        catch (KeyProviderException e)
        {
            _ = Failure(entry, e);
        }
        catch (Exception e)
        {
            // The database, or the deadline. The query that needed the keys will say so itself.
            if (entry.Failed(null, time.GetUtcNow() + RetryAfter))
            {
                Unavailable(logger, entry.Tenant, e.GetType().Name);
            }
        }
    }

    private KeysUnavailableException Failure(TenantKeyEntry entry, KeyProviderException e)
    {
        var error = e.Fault == KeyProviderFault.Unavailable ? ProtectionErrors.Unavailable : ProtectionErrors.Refused;
        var failure = new KeysUnavailableException(error, e);
        if (entry.Failed(e.Fault == KeyProviderFault.Unavailable ? null : failure, time.GetUtcNow() + RetryAfter))
        {
            if (e.Fault == KeyProviderFault.Unavailable)
            {
                Unavailable(logger, entry.Tenant, e.Reason);
            }
            else
            {
                Refused(logger, entry.Tenant, e.Fault, e.Reason);
            }
        }

        return failure;
    }

    [LoggerMessage(1501, LogLevel.Warning, "The keys of tenant {TenantId} cannot be refreshed: {Reason}")]
    private static partial void Unavailable(ILogger logger, TenantId tenantId, string reason);

    [LoggerMessage(1502, LogLevel.Critical, "The key service does not give the keys of tenant {TenantId} out ({Fault}): {Reason}")]
    private static partial void Refused(ILogger logger, TenantId tenantId, KeyProviderFault fault, string reason);

    [LoggerMessage(1503, LogLevel.Information, "The keys of tenant {TenantId} can be had again")]
    private static partial void Recovered(ILogger logger, TenantId tenantId);
}
