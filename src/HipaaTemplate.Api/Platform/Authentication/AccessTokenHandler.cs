using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Proofs;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Errors;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace HipaaTemplate.Platform.Authentication;

/// <summary>
/// Authenticates a request by its access token, and says in the challenge no more than that there is none,
/// that it was refused, or that it could not be checked.
/// </summary>
internal sealed partial class AccessTokenHandler(
    TokenValidator validator, DpopProofs proofs, IssuerDirectory issuers, ILogger<AccessTokenHandler> logger) : IAuthenticationHandler
{
    public const string Scheme = "Bearer";
    private const string BearerPrefix = "Bearer ";
    private const string DpopPrefix = "DPoP ";
    private const string InvalidToken = "error=\"invalid_token\"";
    private const string DpopChallenge = $"DPoP algs=\"{DpopProofs.Algorithms}\"";

    private static readonly AuthenticateResult Failed = AuthenticateResult.Fail("The token was not accepted.");

    private HttpContext context = null!;
    private AuthenticateResult? result;
    private Error error = AuthenticationErrors.NoToken;

    public Task InitializeAsync(AuthenticationScheme scheme, HttpContext context)
    {
        this.context = context;
        return Task.CompletedTask;
    }

    /// <summary>Once a request, however often it is asked.</summary>
    public async Task<AuthenticateResult> AuthenticateAsync() => result ??= await ReadAsync();

    [SuppressMessage("Usage", "MA0040", Justification = "The problem is written even when cancelled.")]
    public Task ChallengeAsync(AuthenticationProperties? properties)
    {
        if (error != AuthenticationErrors.ProviderUnavailable)
        {
            // RFC 6750 §3.1 and RFC 9449 §7.1; which check failed is for the log.
            var isRefused = error == AuthenticationErrors.TokenRefused;
            var bearer = isRefused ? $"{Scheme} {InvalidToken}" : Scheme;
            var proven = isRefused ? $"{DpopChallenge}, {InvalidToken}" : DpopChallenge;
            context.Response.Headers.WWWAuthenticate = issuers.AcceptProofs ? new[] { bearer, proven } : bearer;
        }

        return Problem.WriteAsync(context, error);
    }

    public Task ForbidAsync(AuthenticationProperties? properties)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }

    private async Task<AuthenticateResult> ReadAsync()
    {
        // An endpoint that is for everybody looks at nobody's token, and does not wait for its issuer.
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return AuthenticateResult.NoResult();
        }

        var sent = context.Request.Headers.Authorization;
        if (sent.Count > 1)
        {
            return Refuse(new RefusedToken(TokenRefusal.SeveralHeaders));
        }

        if (!TryReadToken(sent.ToString(), out var token, out var isProven))
        {
            return AuthenticateResult.NoResult();
        }

        var verdict = await validator.ValidateAsync(token, isProven, context.RequestAborted);
        if (verdict.Refused is { } refused)
        {
            return Refuse(refused);
        }

        if (verdict.Token is not { } good)
        {
            error = AuthenticationErrors.ProviderUnavailable;
            return Failed;
        }

        if (isProven && await CheckProofAsync(token, good) is { } wrong)
        {
            return Refuse(new RefusedToken(wrong, good.Issuer.Registration.Issuer, good.Key.KeyId, good.UserHash));
        }

        return Accept(good);
    }

    private Task<TokenRefusal?> CheckProofAsync(string token, AccessToken good) => proofs.CheckAsync(
        context.Request.Headers[DpopProofs.HeaderName], context.Request, token, good.ProofKeyThumbprint!, context.RequestAborted);

    /// <summary>Subject and roles are all that travels on as claims; who needs more asks for the <see cref="AccessToken"/>.</summary>
    private AuthenticateResult Accept(AccessToken token)
    {
        var issuer = token.Issuer.Registration.Issuer;
        var identity = new ClaimsIdentity(Scheme, TokenClaims.Subject, TokenClaims.Role);
        identity.AddClaim(new Claim(TokenClaims.Subject, token.Subject, null, issuer));
        foreach (var role in token.Roles)
        {
            identity.AddClaim(new Claim(TokenClaims.Role, role, null, issuer));
        }

        context.Features.Set(token);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme));
    }

    private AuthenticateResult Refuse(RefusedToken refused)
    {
        error = AuthenticationErrors.TokenRefused;
        TokenRefused(logger, refused.Reason.Word(), refused.Issuer, refused.KeyId, refused.UserHash, context.TraceIdentifier);
        return Failed;
    }

    private static bool TryReadToken(string header, out string token, out bool isProven)
    {
        isProven = header.StartsWith(DpopPrefix, StringComparison.OrdinalIgnoreCase);
        var prefix = isProven ? DpopPrefix : BearerPrefix;
        token = isProven || header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)
            ? header[prefix.Length..].Trim(' ')
            : "";
        return token.Length > 0;
    }

    [LoggerMessage(1421, LogLevel.Information, "Token refused: {reason} {issuer} {key_id} {user_id} {request_id}")]
    private static partial void TokenRefused(
        ILogger logger, string reason, string? issuer, string? key_id, string? user_id, string request_id);
}

/// <summary>The claims that an authenticated user has here.</summary>
internal static class TokenClaims
{
    public const string Subject = "sub";
    public const string Role = "role";
}
