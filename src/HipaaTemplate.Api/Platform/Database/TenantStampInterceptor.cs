using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Writes the context's tenant into new rows and refuses to save a row of another tenant. Row-level
/// security would refuse it too; this says so before anything is sent.
/// </summary>
internal sealed class TenantStampInterceptor : SaveChangesInterceptor
{
    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default)
    {
        Stamp((AppDbContext)eventData.Context!);
        return ValueTask.FromResult(result);
    }

    public override InterceptionResult<int> SavingChanges(
        DbContextEventData eventData, InterceptionResult<int> result)
    {
        Stamp((AppDbContext)eventData.Context!);
        return result;
    }

    private static void Stamp(AppDbContext context)
    {
        foreach (var entry in context.ChangeTracker.Entries<ITenantScoped>())
        {
            if (entry.State is EntityState.Detached or EntityState.Unchanged)
            {
                continue;
            }

            var tenantId = entry.Property(row => row.TenantId);
            if (entry.State == EntityState.Added && !tenantId.CurrentValue.IsSet)
            {
                tenantId.CurrentValue = context.TenantId;
            }

            if (tenantId.CurrentValue != context.TenantId
                || (entry.State != EntityState.Added && tenantId.OriginalValue != context.TenantId))
            {
                throw new CrossTenantWriteException(entry.Metadata.ShortName());
            }
        }
    }
}

internal sealed class CrossTenantWriteException(string entity)
    : InvalidOperationException($"A {entity} of another tenant was about to be saved.");
