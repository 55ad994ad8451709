using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Authentication;

internal static class AuthenticationErrors
{
    public static readonly Error NoToken = new(
        "AUTH_001", StatusCodes.Status401Unauthorized,
        "A bearer token is needed.",
        "Sign in at the identity provider and send Authorization: Bearer.");

    // One code for every way a token can be wrong: telling them apart helps only an attacker.
    public static readonly Error TokenRefused = new(
        "AUTH_002", StatusCodes.Status401Unauthorized,
        "The bearer token was refused.",
        "Sign in again; if that does not help, the operator finds the reason in the log under the request_id.");

    public static readonly Error ProviderUnavailable = new(
        "AUTH_003", StatusCodes.Status503ServiceUnavailable,
        "The identity provider cannot be reached, so the token cannot be checked.",
        "Retry after the time in Retry-After; the token may be good.")
    { RetryAfterSeconds = 5 };

    public static readonly Error StepUpNeeded = new(
        "AUTH_004", StatusCodes.Status401Unauthorized,
        "This needs a stronger or a more recent sign-in.",
        "Sign in again with the acr_values and max_age of the WWW-Authenticate header.");

    public static readonly Error LogoutTokenRefused = new(
        "AUTH_005", StatusCodes.Status400BadRequest,
        "The logout token was refused.",
        "Only the identity provider sends one; the operator finds the reason in the log.");
}
