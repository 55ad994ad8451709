using System.Data.Common;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// Has a tenant's keys at hand before a query runs: opening what it brings is synchronous. They are fetched
/// before there is a connection, because fetching them takes one: requests that each hold one and wait for
/// another would wait for each other.
/// </summary>
internal sealed class PhiKeysInterceptor : DbCommandInterceptor, IDbConnectionInterceptor
{
    public async ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection,
        ConnectionEventData eventData,
        InterceptionResult result,
        CancellationToken cancellationToken = default)
    {
        await PrepareAsync(eventData, cancellationToken);
        return result;
    }

    /// <summary>For a transaction that takes longer than keys are kept.</summary>
    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default)
    {
        await PrepareAsync(eventData, cancellationToken);
        return result;
    }

    private static ValueTask PrepareAsync(DbContextEventData eventData, CancellationToken ct) =>
        eventData.Context is AppDbContext { Keys: { } keys } ? keys.PrepareAsync(ct) : ValueTask.CompletedTask;
}
