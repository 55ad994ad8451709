using System.Data.Common;
using HipaaTemplate.Platform.Auditing;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Keeps a transaction whose COMMIT was sent and not answered from being repeated like one that
/// failed before: that change may already be there (decision 0004).
/// </summary>
internal sealed class CommitInterceptor : DbTransactionInterceptor
{
    private const string Commit = nameof(Commit);

    public override Task TransactionFailedAsync(
        DbTransaction transaction,
        TransactionErrorEventData eventData,
        CancellationToken cancellationToken = default) =>
        eventData.Action == Commit && !IsAnswer(eventData.Exception)
            ? throw new CommitOutcomeUnknownException(eventData.Exception)
            : Task.CompletedTask;

    /// <summary>
    /// Without its event the commit was not even asked for; or the server refused it. So nothing was changed.
    /// Class 57 (operator intervention) is no answer: a connection may be ended just after its commit. Nor is
    /// class 08 (connection exception), which a pooler says of a server that it lost.
    /// </summary>
    private static bool IsAnswer(Exception exception) =>
        exception is AuditUnavailableException
        || exception is PostgresException { SqlState: var state }
        && !state.StartsWith("57", StringComparison.Ordinal)
        && !state.StartsWith("08", StringComparison.Ordinal);
}

internal sealed class CommitOutcomeUnknownException(Exception inner)
    : Exception("The connection broke while a transaction was being committed.", inner);
