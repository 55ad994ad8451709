using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.OpenApi;
using Microsoft.Net.Http.Headers;

namespace HipaaTemplate.Platform.Authentication.Revocation;

/// <summary>
/// POST /api/v1/auth/backchannel-logout: the identity provider says that a session has ended (OpenID Connect
/// Back-Channel Logout 1.0). Anonymous: the token in the form is what authenticates.
/// </summary>
internal static class BackchannelLogout
{
    private const string Field = "logout_token";

    /// <summary>§2.5. Forms in parts may have files, and may never end.</summary>
    private const string MediaType = "application/x-www-form-urlencoded";

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/auth/backchannel-logout", HandleAsync)
        .WithTags("Authentication")
        .WithSummary("Told by the identity provider that a session has ended; form field logout_token")
        .Produces(StatusCodes.Status200OK)
        .AllowAnonymous()
        .Fails(AuthenticationErrors.LogoutTokenRefused, AuthenticationErrors.ProviderUnavailable, RequestErrors.UnsupportedMediaType, RequestErrors.TooLarge,
            Database.DatabaseErrors.Unavailable, Database.DatabaseErrors.OutcomeUnknown);

    private static async Task<IResult> HandleAsync(
        HttpRequest request, LogoutTokens tokens, RevocationList revocations, CancellationToken ct)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase))
        {
            return RequestErrors.UnsupportedMediaType.ToResult();
        }

        var verdict = await tokens.ReadAsync(await ReadFieldAsync(request, ct) ?? "", ct);
        if (verdict.Ended is { } ended && !await revocations.TryAddOnceAsync(ended, ct))
        {
            verdict = tokens.Refuse(ended.Issuer, "used_before");
        }

        return verdict.Error is { } error ? error.ToResult() : TypedResults.Ok();
    }

    private static async Task<string?> ReadFieldAsync(HttpRequest request, CancellationToken ct)
    {
        try
        {
            var form = await request.ReadFormAsync(ct);
            return form[Field] is [{ Length: > 0 } text] ? text : null;
        }
        catch (InvalidDataException)
        {
            // Not a form, or one beyond the framework's limits.
            return null;
        }
    }
}
