using System.Data.Common;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Sends <see cref="ITenantScopeSql"/> with every command of EF Core: in front of a query, in the
/// same round trip; before a SaveChanges batch as a command of its own inside the transaction.
/// </summary>
internal sealed class TenantScopeInterceptor(ITenantScopeSql scopeSql) : DbCommandInterceptor
{
    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default)
    {
        if (eventData.CommandSource == CommandSource.SaveChanges)
        {
            await ScopeTransactionAsync(command, eventData, cancellationToken);
            return result;
        }

        var scope = Prepend(command, eventData);
        var reader = await command.ExecuteReaderAsync(cancellationToken);
        try
        {
            await scope.SkipResultAsync(reader, cancellationToken);
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }

        return InterceptionResult<DbDataReader>.SuppressWithResult(reader);
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default)
    {
        // A SELECT adds nothing to the count of rows affected.
        Prepend(command, eventData);
        return ValueTask.FromResult(result);
    }

    public override async ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<object> result,
        CancellationToken cancellationToken = default)
    {
        var scope = Prepend(command, eventData);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await scope.SkipResultAsync(reader, cancellationToken);
        return InterceptionResult<object>.SuppressWithResult(
            await reader.ReadAsync(cancellationToken) ? reader.GetValue(0) : null!);
    }

    // The API is asynchronous throughout; a synchronous command would go out without a tenant.
    public override InterceptionResult<DbDataReader> ReaderExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result) =>
        throw SynchronousCommand();

    public override InterceptionResult<int> NonQueryExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result) =>
        throw SynchronousCommand();

    public override InterceptionResult<object> ScalarExecuting(
        DbCommand command, CommandEventData eventData, InterceptionResult<object> result) =>
        throw SynchronousCommand();

    private static NotSupportedException SynchronousCommand() =>
        new("Database commands are asynchronous here: use the method that ends in Async.");

    private TenantScope Prepend(DbCommand command, CommandEventData eventData)
    {
        var scope = scopeSql.For(TenantOf(eventData));
        scope.PutBefore(command);
        return scope;
    }

    private async Task ScopeTransactionAsync(
        DbCommand command, CommandEventData eventData, CancellationToken ct)
    {
        // The provider finds rows affected by the position of each statement in the batch, so a
        // prefix would shift them and hide lost updates (npgsql/efcore.pg#2412).
        if (command.Transaction is not NpgsqlTransaction transaction)
        {
            throw new InvalidOperationException("SaveChanges runs in a transaction, always.");
        }

        await using var before = scopeSql.For(TenantOf(eventData)).CreateCommand(transaction.Connection!);
        await before.ExecuteNonQueryAsync(ct);
    }

    private static TenantId? TenantOf(CommandEventData eventData) =>
        eventData.Context is AppDbContext { HasTenant: true } context ? context.TenantId : null;
}
