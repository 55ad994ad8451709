using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using HipaaTemplate.Platform.Authentication.Proofs;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Settings;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace HipaaTemplate.Platform.Hosting;

/// <summary>Listening, limits, proxies, CORS, timeouts: what is decided before a request is read.</summary>
internal static class HostingExtensions
{
    private const int MaximumBodyBytes = 1024 * 1024;
    private const int MaximumHeaderBytes = 16 * 1024;
    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    public static void AddHosting(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<ServerSettings>();

        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServerSettings>>(Listen);
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ServerSettings>>(Trust);
        builder.Services.AddCors();
        builder.Services.AddOptions<CorsOptions>().Configure<IOptions<ServerSettings>>(AllowOrigins);
        builder.Services.AddRequestTimeouts(o => o.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = RequestTimeout,
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
            WriteTimeoutResponse = context => Problem.WriteAsync(context, RequestErrors.TimedOut),
        });

        // Requests under way get as long as any request may take; the orchestrator should wait longer.
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = RequestTimeout);
    }

    private static void Listen(KestrelServerOptions kestrel, IOptions<ServerSettings> options)
    {
        var settings = options.Value;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaximumBodyBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaximumHeaderBytes;
        kestrel.Limits.MaxRequestLineSize = MaximumHeaderBytes;
        kestrel.Limits.RequestHeadersTimeout = HeaderTimeout;
        kestrel.Limits.MaxConcurrentConnections = settings.MaxConnections;
        kestrel.ListenAnyIP(settings.Port, listen =>
        {
            if (settings.TlsCertificateFile is not { } certificateFile)
            {
                return;
            }

            var certificate = X509Certificate2.CreateFromPemFile(certificateFile, settings.TlsKeyFile);
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
            });
        });
    }

    private static void Trust(ForwardedHeadersOptions forwarded, IOptions<ServerSettings> options)
    {
        // The framework trusts loopback by default; whoever shares the host is not our proxy.
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in options.Value.TrustedProxies)
        {
            if (ServerSettings.TryParseProxy(proxy, out var network))
            {
                forwarded.KnownIPNetworks.Add(network);
            }
        }

        forwarded.ForwardedHeaders = options.Value.TrustedProxies.Length == 0
            ? ForwardedHeaders.None
            : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
    }

    private static void AllowOrigins(CorsOptions cors, IOptions<ServerSettings> options) =>
        cors.AddDefaultPolicy(policy => policy
            .WithOrigins(options.Value.AllowedOrigins)
            .WithMethods("GET", "POST", "PUT", "DELETE")
            .WithHeaders(
                HeaderNames.Authorization, DpopProofs.HeaderName, HeaderNames.ContentType, HeaderNames.IfMatch,
                "Idempotency-Key", RequestIdMiddleware.HeaderName)
            .WithExposedHeaders(
                HeaderNames.ETag, HeaderNames.Location, HeaderNames.RetryAfter, HeaderNames.WWWAuthenticate,
                RequestIdMiddleware.HeaderName)
            .SetPreflightMaxAge(TimeSpan.FromHours(1)));
}
