using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Authorization;

internal static class AuthorizationErrors
{
    public static readonly Error Forbidden = new(
        "PERM_001", StatusCodes.Status403Forbidden,
        "Your roles do not permit this.",
        "Ask an administrator of your organisation for the role.");
}
