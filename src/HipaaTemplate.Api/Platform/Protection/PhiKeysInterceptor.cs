using System.Data.Common;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Protection;

/// <summary>Has a tenant's keys at hand before a query runs: opening what it brings is synchronous.</summary>
internal sealed class PhiKeysInterceptor : DbConnectionInterceptor
{
    // Before there is a connection: keys are read from the database, and callers who wait for them with all
    // connections in their hands would wait for each other. A transaction goes on with the keys it began with.
    public override async ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection,
        ConnectionEventData eventData,
        InterceptionResult result,
        CancellationToken cancellationToken = default)
    {
        if (eventData.Context is AppDbContext { Keys: { } keys })
        {
            await keys.PrepareAsync(cancellationToken);
        }

        return result;
    }
}
