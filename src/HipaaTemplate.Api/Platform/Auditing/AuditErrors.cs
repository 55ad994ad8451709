using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Auditing;

internal static class AuditErrors
{
    public static readonly Error Unavailable = new(
        "AUD_001", StatusCodes.Status503ServiceUnavailable,
        "The audit trail cannot be written, so nothing is shown or changed.",
        "Retry after the time in Retry-After.")
    { RetryAfterSeconds = 5 };

    public static readonly Error UnknownPurpose = new(
        "AUD_002", StatusCodes.Status400BadRequest,
        "X-Purpose-Of-Use names no purpose that is known here.",
        "Send one of the codes in the API description, or leave it out: it is TREAT then.");
}

/// <summary>No event, no data: what was about to be shown or changed is not.</summary>
internal sealed class AuditUnavailableException(Exception? inner = null)
    : Exception("The audit trail cannot be written.", inner);
