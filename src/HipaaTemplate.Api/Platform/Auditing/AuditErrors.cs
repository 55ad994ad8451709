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

    public static readonly Error NoPatientClaim = new(
        "AUD_003", StatusCodes.Status403Forbidden,
        "Your token does not say which patient you are.",
        "Ask an administrator of your organisation to link your account with your record.");

    public static readonly Error EmptySpan = new(
        "AUD_004", StatusCodes.Status400BadRequest,
        "The span of time ends before it begins.",
        "Send a to that is later than from, or leave one of them out.");
}

/// <summary>No event, no data: what was about to be shown or changed is not.</summary>
internal sealed class AuditUnavailableException(Exception? inner = null)
    : Exception("The audit trail cannot be written.", inner);
