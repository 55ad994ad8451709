using System.Data.Common;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Protection;

/// <summary>Has a tenant's keys at hand before a query runs: opening what it brings is synchronous.</summary>
internal sealed class PhiKeysInterceptor : DbCommandInterceptor
{
    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default)
    {
        if (eventData.Context is AppDbContext { Keys: { } keys })
        {
            await keys.PrepareAsync(cancellationToken);
        }

        return result;
    }
}
