using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>
/// Counts what is sealed under each version of a tenant's key, a block before it is used. Past
/// <see cref="KeyBudget.RotateAt"/> it makes the next version by itself, past <see cref="KeyBudget.Limit"/>
/// nothing is sealed.
/// </summary>
internal sealed partial class KeyCounting(
    IDbContextFactory<AppDbContext> contexts, KeyLoading loading, KeyTimes times, ILogger<KeyCounting> logger)
{
    public async ValueTask CountAsync(TenantId tenant, TenantKeyMaterial material, long values, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        db.SetTenant(tenant);
        db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        var block = material.Budget.NextBlock(values);
        var counted = await db.Set<KeyUse>().Where(u => u.KeyVersion == material.Version).SumAsync(u => u.Values, ct) + block;
        if (counted > KeyBudget.Limit)
        {
            UsedUp(logger, tenant, material.Version, counted);
            throw new KeysUnavailableException(ProtectionErrors.UsedUp);
        }

        db.Add(new KeyUse { Id = Guid.CreateVersion7(), KeyVersion = material.Version, Values = block });
        await db.SaveChangesAsync(ct);
        material.Budget.Add(block - values);
        if (counted >= KeyBudget.AlarmAt)
        {
            Worn(logger, tenant, material.Version, counted, KeyBudget.RotateAt);
        }

        if (counted >= KeyBudget.RotateAt)
        {
            await RotateAsync(tenant, material, ct);
        }
    }

    /// <summary>The next version, which every node will know by the time it seals. Whatever fails here is tried again with the next block.</summary>
    private async Task RotateAsync(TenantId tenant, TenantKeyMaterial material, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(KeyRefresh.Deadline);
        try
        {
            if (await loading.GenerateAsync(tenant, material.Class, times.Delay, deadline.Token) is { } made)
            {
                System.Security.Cryptography.CryptographicOperations.ZeroMemory(made.Plaintext);
                Rotated(logger, tenant, made.Version);
            }
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            NotRotated(logger, tenant, (e as KeyProviderException)?.Reason ?? e.GetType().Name);
        }
    }

    [LoggerMessage(1530, LogLevel.Warning, "Key {KeyVersion} of tenant {TenantId} has sealed {Values} values; at {Limit} it is replaced")]
    private static partial void Worn(ILogger logger, TenantId tenantId, int keyVersion, long values, long limit);

    [LoggerMessage(1531, LogLevel.Critical, "Key {KeyVersion} of tenant {TenantId} is used up ({Values} values): nothing is sealed under it")]
    private static partial void UsedUp(ILogger logger, TenantId tenantId, int keyVersion, long values);

    [LoggerMessage(1532, LogLevel.Warning, "Tenant {TenantId} gets key {KeyVersion}, because the one before is worn; run keys reseal")]
    private static partial void Rotated(ILogger logger, TenantId tenantId, int keyVersion);

    [LoggerMessage(1533, LogLevel.Error, "Tenant {TenantId} needs a new key and gets none: {Reason}")]
    private static partial void NotRotated(ILogger logger, TenantId tenantId, string reason);
}
