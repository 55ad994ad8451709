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
        "Sign in again; if that does not help, compare issuer and audience with the API's settings.");
}
