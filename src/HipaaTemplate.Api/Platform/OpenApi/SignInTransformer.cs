using HipaaTemplate.Platform.Authentication.Issuers;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HipaaTemplate.Platform.OpenApi;

/// <summary>Describes how to sign in: authorization code with PKCE at the identity provider.</summary>
internal sealed partial class SignInTransformer(IssuerDirectory issuers, ILogger<SignInTransformer> logger)
    : IOpenApiDocumentTransformer
{
    public const string SchemeName = "identity_provider";

    public static readonly string[] Scopes = ["openid", "profile", "email"];

    public async Task TransformAsync(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken cancellationToken)
    {
        document.Info.Title = "HipaaTemplate API";
        document.Info.Version = "v1";
        document.Info.Description =
            "Multi-tenant API for patients' records. Every error is application/problem+json with a "
            + "code; GET /api/v1/errors lists them.";
        // Relative: behind a proxy the process does not know the address it is called by.
        document.Servers = [new OpenApiServer { Url = "/" }];

        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[SchemeName] = await DescribeAsync(cancellationToken);
    }

    private async Task<OpenApiSecurityScheme> DescribeAsync(CancellationToken ct)
    {
        var provider = await issuers.Configured[0].Keys.GetAsync(ct);
        if (provider is not { AuthorizationEndpoint: { } authorization, TokenEndpoint: { } token })
        {
            // The description is worth having while the identity provider is away, or has no discovery document.
            ProviderAway(logger);
            return new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
            };
        }

        return new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.OAuth2,
            Description = "Access token of the identity provider, authorization code with PKCE.",
            Flows = new OpenApiOAuthFlows
            {
                AuthorizationCode = new OpenApiOAuthFlow
                {
                    AuthorizationUrl = authorization,
                    TokenUrl = token,
                    Scopes = Scopes.ToDictionary(scope => scope, scope => scope),
                },
            },
        };
    }

    [LoggerMessage(1301, LogLevel.Warning, "The API description lacks the sign-in: no discovery document of the identity provider")]
    private static partial void ProviderAway(ILogger logger);
}
