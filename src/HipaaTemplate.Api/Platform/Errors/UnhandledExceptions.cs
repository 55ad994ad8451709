using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Secrets;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace HipaaTemplate.Platform.Errors;

/// <summary>
/// The last net. Exceptions are for bugs and for faults of the machine: the caller gets a code and
/// the log gets the exception's type and stack, never its message, which may quote a row.
/// </summary>
internal sealed partial class UnhandledExceptions(ILogger<UnhandledExceptions> logger)
    : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(
        HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
        {
            // Nobody is listening any more; 499 is what the request log shows for it.
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var error = Classify(exception);
        if (error.Status >= StatusCodes.Status500InternalServerError)
        {
            Failed(logger, error.Code, exception);
        }

        await Problem.WriteAsync(httpContext, error);
        return true;
    }

    private static Error Classify(Exception exception) => exception switch
    {
        BadHttpRequestException bad => RequestErrors.ForStatus(bad.StatusCode),
        PhiException sealedData => sealedData.Error,
        AuditUnavailableException => AuditErrors.Unavailable,
        CommitOutcomeUnknownException => DatabaseErrors.OutcomeUnknown,
        // The retry strategy wraps the last fault when it gives up.
        RetryLimitExceededException => DatabaseErrors.Unavailable,
        // Without credentials the database is as far away as without a network.
        SecretSourceException => DatabaseErrors.Unavailable,
        _ => Classify(FindDatabaseFault(exception)),
    };

    private static Error Classify(NpgsqlException? fault) => fault switch
    {
        { IsTransient: true } => DatabaseErrors.Unavailable,
        // NUL in a text that no attribute looked at; PostgreSQL cannot store it.
        PostgresException
        {
            SqlState: PostgresErrorCodes.CharacterNotInRepertoire
                or PostgresErrorCodes.UntranslatableCharacter,
        } => RequestErrors.Malformed,
        // The role or its schema is not there yet: `migrate up` has not run.
        PostgresException
        {
            SqlState: PostgresErrorCodes.InvalidPassword
                or PostgresErrorCodes.InvalidAuthorizationSpecification
                or PostgresErrorCodes.InvalidCatalogName
                or PostgresErrorCodes.UndefinedTable,
        } => DatabaseErrors.Unavailable,
        _ => RequestErrors.Unexpected,
    };

    /// <summary>EF Core and its retries wrap what the database or the connection said.</summary>
    public static NpgsqlException? FindDatabaseFault(Exception? exception)
    {
        while (exception is not null and not NpgsqlException)
        {
            exception = exception.InnerException;
        }

        return exception as NpgsqlException;
    }

    [LoggerMessage(1101, LogLevel.Error, "Request failed with {Code}")]
    private static partial void Failed(ILogger logger, string code, Exception exception);
}
