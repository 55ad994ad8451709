using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using System.Text.Json;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Settings;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace HipaaTemplate.Platform.Authentication;

internal static class AuthenticationExtensions
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ProviderTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeyRefreshGap = TimeSpan.FromSeconds(30);

    public static void AddTokenAuthentication(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<AuthenticationSettings>();
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        DropKeyRing(builder.Services);
        builder.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IOptions<AuthenticationSettings>>(Configure)
            .Validate<IOptions<AuthenticationSettings>, IOptions<ServerSettings>>(
                (_, settings, server) => settings.Value.MayUse(server.Value),
                "OIDC_ISSUER_URL must be an https URL; plain http is for localhost in development.")
            .ValidateOnStart();
    }

    /// <summary>
    /// AddAuthentication brings Data Protection, whose hosted service writes a key ring to the home
    /// directory at start. Bearer tokens are checked with the issuer's keys; nothing here uses it.
    /// </summary>
    private static void DropKeyRing(IServiceCollection services)
    {
        var keyRing = services.Single(service =>
            service.ServiceType == typeof(IHostedService)
            && service.ImplementationType?.Name == "DataProtectionHostedService");
        services.Remove(keyRing);
    }

    private static void Configure(JwtBearerOptions bearer, IOptions<AuthenticationSettings> options)
    {
        var settings = options.Value;
        bearer.MetadataAddress = settings.MetadataAddress;
        // An https issuer cannot send us to plain http for its keys. Whether the issuer itself may be
        // http our own validation decides; the framework's would end the start with a stack trace.
        bearer.RequireHttpsMetadata = settings.IssuerUrl!.Scheme == Uri.UriSchemeHttps;
        bearer.BackchannelTimeout = ProviderTimeout;
        bearer.RefreshInterval = KeyRefreshGap;
        // A redirect could lead to a host that is not the identity provider.
        bearer.BackchannelHttpHandler = new SocketsHttpHandler { AllowAutoRedirect = false };
        bearer.MapInboundClaims = false;
        bearer.IncludeErrorDetails = false;
        bearer.SaveToken = false;

        // RFC 8725 §3: accept what is named here and nothing else.
        bearer.TokenValidationParameters = new TokenValidationParameters
        {
            ValidIssuer = settings.Issuer,
            ValidAudience = settings.AcceptedAudience,
            ValidAlgorithms =
            [
                SecurityAlgorithms.RsaSha256,
                SecurityAlgorithms.RsaSsaPssSha256,
                SecurityAlgorithms.EcdsaSha256,
            ],
            ClockSkew = ClockSkew,
            IgnoreTrailingSlashWhenValidatingAudience = false,
            TryAllIssuerSigningKeys = false,
            NameClaimType = TokenClaims.Subject,
            RoleClaimType = TokenClaims.Role,
        };
        var tenantClaim = new ClaimPath(settings.TenantClaimName);
        var rolesClaim = new ClaimPath(settings.RolesClaimName);
        bearer.Events = new JwtBearerEvents
        {
            OnTokenValidated = context => KeepWhatWeUse(context, tenantClaim, rolesClaim),
            OnChallenge = WriteProblem,
        };
    }

    /// <summary>Replaces the token's claims by subject, roles and tenant; the rest never travels on.</summary>
    private static Task KeepWhatWeUse(
        TokenValidatedContext context, ClaimPath tenantClaim, ClaimPath rolesClaim)
    {
        var token = (JsonWebToken)context.SecurityToken;
        if (string.IsNullOrEmpty(token.Subject))
        {
            context.Fail("The token has no subject.");
            return Task.CompletedTask;
        }

        using var payload = ClaimPath.ParsePayload(token);
        var identity = new ClaimsIdentity(
            context.Scheme.Name, TokenClaims.Subject, TokenClaims.Role);
        identity.AddClaim(new Claim(TokenClaims.Subject, token.Subject, null, token.Issuer));
        foreach (var role in rolesClaim.Read(payload.RootElement))
        {
            if (role.ValueKind == JsonValueKind.String)
            {
                identity.AddClaim(new Claim(TokenClaims.Role, role.GetString()!, null, token.Issuer));
            }
        }

        context.Principal = new ClaimsPrincipal(identity);
        context.HttpContext.Features.Set(
            TenantClaim.From(tenantClaim.Read(payload.RootElement)));
        return Task.CompletedTask;
    }

    [SuppressMessage("Usage", "MA0040", Justification = "The problem is written even when cancelled.")]
    private static Task WriteProblem(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        context.Response.Headers.WWWAuthenticate = JwtBearerDefaults.AuthenticationScheme;
        return Problem.WriteAsync(
            context.HttpContext,
            context.AuthenticateFailure is null
                ? AuthenticationErrors.NoToken
                : AuthenticationErrors.TokenRefused);
    }
}

/// <summary>The claims that an authenticated user has here.</summary>
internal static class TokenClaims
{
    public const string Subject = "sub";
    public const string Role = "role";
}
