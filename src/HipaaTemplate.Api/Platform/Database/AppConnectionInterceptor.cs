using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// EF Core's connections are opened by <see cref="AppDatabase"/>. A pooled context keeps its connection object, so
/// whose it is has to be said each time that it is opened.
/// </summary>
internal sealed class AppConnectionInterceptor(AppDatabase database) : DbConnectionInterceptor
{
    public override async ValueTask<InterceptionResult> ConnectionOpeningAsync(
        DbConnection connection,
        ConnectionEventData eventData,
        InterceptionResult result,
        CancellationToken cancellationToken = default)
    {
        await database.OpenAsync((NpgsqlConnection)connection, cancellationToken);
        return InterceptionResult.Suppress();
    }

    public override InterceptionResult ConnectionOpening(
        DbConnection connection, ConnectionEventData eventData, InterceptionResult result) =>
        throw new NotSupportedException("Connections are opened asynchronously here: use the method that ends in Async.");
}
