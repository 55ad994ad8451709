using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Protection;

internal static class ProtectionErrors
{
    public static readonly Error Unavailable = new(
        "KEY_001", StatusCodes.Status503ServiceUnavailable,
        "The key service cannot be reached, so patients' data can be neither read nor written.",
        "Nothing was changed; retry after the time in Retry-After.")
    { RetryAfterSeconds = 5 };

    public static readonly Error Refused = new(
        "KEY_002", StatusCodes.Status503ServiceUnavailable,
        "The key service refuses to use this tenant's key.",
        "Ask the operator: the key is disabled, about to be deleted, or not for this deployment.")
    { RetryAfterSeconds = 60 };

    public static readonly Error NotAuthentic = new(
        "KEY_003", StatusCodes.Status500InternalServerError,
        "A stored value is not what was sealed there.",
        "Nothing of it is shown. It was recorded as a security event; tell the operator the request id.");

    public static readonly Error Erased = new(
        "KEY_004", StatusCodes.Status410Gone,
        "The data was erased: its key is destroyed.",
        "It cannot be brought back.");

    public static readonly Error UsedUp = new(
        "KEY_005", StatusCodes.Status503ServiceUnavailable,
        "The tenant's key has sealed as many values as it may.",
        "Ask the operator to run: HipaaTemplate.Api keys rotate --tenant SLUG.")
    { RetryAfterSeconds = 60 };
}
