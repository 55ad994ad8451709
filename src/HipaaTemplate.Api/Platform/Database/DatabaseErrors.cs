using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Database;

internal static class DatabaseErrors
{
    public static readonly Error Unavailable = new(
        "DB_001", StatusCodes.Status503ServiceUnavailable,
        "The database cannot be reached.",
        "Nothing was changed; retry after the time in Retry-After.")
    { RetryAfterSeconds = 5 };

    public static readonly Error OutcomeUnknown = new(
        "DB_002", StatusCodes.Status503ServiceUnavailable,
        "The connection broke while the change was being committed.",
        "The change may or may not have been made: read again before you repeat it.")
    { RetryAfterSeconds = 5 };
}
