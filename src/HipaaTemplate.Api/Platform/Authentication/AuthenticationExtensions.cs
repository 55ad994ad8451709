using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Authentication.Proofs;
using HipaaTemplate.Platform.Authentication.Revocation;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Authentication.Users;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Settings;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Authentication;

internal static class AuthenticationExtensions
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    public static void AddTokenAuthentication(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<AuthenticationSettings>();
        services.AddSingleton<IValidateOptions<AuthenticationSettings>, AuthenticationSettingsValidator>();

        // The core only: AddAuthentication brings Data Protection, which writes a key ring to the home directory.
        services.AddAuthenticationCore(options =>
        {
            options.DefaultScheme = AccessTokenHandler.Scheme;
            options.AddScheme<AccessTokenHandler>(AccessTokenHandler.Scheme, displayName: null);
        });
        services.AddTransient<AccessTokenHandler>();

        services.AddHttpClient(IssuerDocuments.OperatorsClient).ConfigurePrimaryHttpMessageHandler(() => NewHandler());
        services.AddHttpClient(IssuerDocuments.TenantsClient).ConfigurePrimaryHttpMessageHandler(NewTenantsHandler);
        services.AddSingleton(provider => new IssuerDocuments(
            provider.GetRequiredService<IHttpClientFactory>(),
            provider.GetRequiredService<IOptions<ServerSettings>>().Value.IsDevelopment));
        services.AddSingleton(IssuerPatience.OfRequests);
        services.AddSingleton<IssuerDirectory>();
        services.AddHostedService<IssuerWarmup>();

        services.AddSingleton(_ => new TokenCache());
        services.AddSingleton<TokenValidator>();
        services.AddSingleton<SingleUse>();
        services.AddSingleton<DpopProofs>();
        services.AddSingleton<RevocationList>();
        services.AddSingleton<LogoutTokens>();
        services.AddScoped<CurrentUser>();
    }

    public static void MapAuthentication(this IEndpointRouteBuilder app)
    {
        var api = app.MapGroup("/api/v1");
        GetMe.Map(api);
        RevokeTokens.Map(api);
        BackchannelLogout.Map(api);
    }

    /// <summary>A redirect could lead to a host that is not the identity provider.</summary>
    private static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = ConnectTimeout,
    };

    private static SocketsHttpHandler NewTenantsHandler(IServiceProvider provider)
    {
        var network = new PublicNetwork(provider.GetRequiredService<IOptions<ServerSettings>>().Value.IsDevelopment);
        var handler = NewHandler();
        // A proxy would resolve the name again, behind the check.
        handler.UseProxy = false;
        handler.ConnectCallback = network.ConnectAsync;
        return handler;
    }
}

/// <summary>Reads the keys of the configured issuers at start, so that no request has to wait for them.</summary>
internal sealed class IssuerWarmup(IssuerDirectory issuers) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var issuer in issuers.Configured)
        {
            await issuer.Keys.GetAsync(stoppingToken);
        }
    }
}
