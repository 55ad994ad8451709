using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql.EntityFrameworkCore.PostgreSQL;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Repeats a query or a whole SaveChanges transaction after a fault that passes: a lost connection,
/// a restarting server, a deadlock. It does not repeat a transaction whose COMMIT was sent and not
/// answered, because that change may already be there.
/// </summary>
internal sealed class TransientFaultStrategy(ExecutionStrategyDependencies dependencies)
    : NpgsqlRetryingExecutionStrategy(dependencies, MaximumRetries, MaximumDelay, errorCodesToAdd: null)
{
    private const int MaximumRetries = 3;
    private static readonly TimeSpan MaximumDelay = TimeSpan.FromSeconds(2);

    protected override bool ShouldRetryOn(Exception? exception) =>
        Dependencies.CurrentContext.Context is not AppDbContext { IsCommitting: true }
        && base.ShouldRetryOn(exception);
}

/// <summary>Marks the time between sending COMMIT and its answer.</summary>
internal sealed class CommitInterceptor : DbTransactionInterceptor
{
    public override ValueTask<InterceptionResult> TransactionCommittingAsync(
        DbTransaction transaction,
        TransactionEventData eventData,
        InterceptionResult result,
        CancellationToken cancellationToken = default)
    {
        Mark(eventData, isCommitting: true);
        return ValueTask.FromResult(result);
    }

    public override Task TransactionCommittedAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default)
    {
        Mark(eventData, isCommitting: false);
        return Task.CompletedTask;
    }

    public override Task TransactionFailedAsync(
        DbTransaction transaction,
        TransactionErrorEventData eventData,
        CancellationToken cancellationToken = default) =>
        eventData.Context is AppDbContext { IsCommitting: true }
            ? throw new CommitOutcomeUnknownException(eventData.Exception)
            : Task.CompletedTask;

    private static void Mark(TransactionEventData eventData, bool isCommitting)
    {
        if (eventData.Context is AppDbContext context)
        {
            context.IsCommitting = isCommitting;
        }
    }
}

internal sealed class CommitOutcomeUnknownException(Exception inner)
    : Exception("The connection broke while a transaction was being committed.", inner);
