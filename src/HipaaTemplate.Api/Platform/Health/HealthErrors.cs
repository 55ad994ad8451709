using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Health;

internal static class HealthErrors
{
    public static readonly Error NotReady = new(
        "HEALTH_001", StatusCodes.Status503ServiceUnavailable,
        "The service is not ready.",
        "Retry after the time in Retry-After; the operator's log names the check that failed.")
    { RetryAfterSeconds = 5 };
}
