using System.Net;
using System.Net.Http.Headers;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Commands;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// The whole API on a real port with a real database, plus <see cref="ProbeFeature"/>. Settings are
/// given as a deployment gives them, by name.
/// </summary>
internal sealed class ApiHost : WebApplicationFactory<Program>
{
    private readonly Dictionary<string, string> settings;
    private readonly Action<IServiceCollection>? configureServices;
    private Uri? address;

    public ApiHost(
        string databaseUrl,
        TestIssuer issuer,
        IReadOnlyDictionary<string, string>? overrides = null,
        Action<IServiceCollection>? configureServices = null)
    {
        this.configureServices = configureServices;
        settings = new Dictionary<string, string>
        {
            ["ENVIRONMENT"] = "development",
            ["PORT"] = "0",
            ["LOG_LEVEL"] = "ERROR",
            ["DATABASE_URL"] = databaseUrl,
            ["OIDC_ISSUER_URL"] = issuer.Issuer,
            ["OIDC_CLIENT_ID"] = TestIssuer.ClientId,
            ["OIDC_AUDIENCE"] = TestIssuer.Audience,
            ["KEY_LOCAL_FILE"] = App.LocalKeyFile,
            // Where it is not what the test is about it would only be at the database each second.
            ["AUDIT_SEAL"] = "false",
            ["AUDIT_ALERTS"] = "false",
        };
        foreach (var (name, value) in overrides ?? new Dictionary<string, string>())
        {
            settings[name] = value;
        }

        UseKestrel();
    }

    /// <summary>
    /// For an API behind a pooler, the one that goes straight to the same database: verbs need the owner's
    /// login and a connection of their own.
    /// </summary>
    public ApiHost? Direct { get; init; }

    public Uri Address
    {
        get
        {
            if (address is null)
            {
                StartServer();
                var bound = Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
                address = new Uri($"http://127.0.0.1:{new Uri(bound.Addresses.Single()).Port}");
            }

            return address;
        }
    }

    public HttpClient Anonymous() => new() { BaseAddress = Address };

    public HttpClient WithToken(string token)
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Runs a verb as the binary would; its output goes to the test's.</summary>
    public Task<int> RunAsync(string verb, params string[] arguments) => (Direct ?? this).Services
        .GetServices<ICommand>().Single(command => command.Name == verb)
        .RunAsync(arguments, CancellationToken.None);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (Direct is { } direct && direct != App.Api)
        {
            await direct.DisposeAsync();
        }
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (name, value) in settings)
        {
            builder.UseSetting(name, value);
        }

        builder.ConfigureTestServices(services =>
        {
            AddProbe(services);
            // The product's own handler, but for where it may connect to.
            services.AddHttpClient(IssuerDocuments.OperatorsClient).ConfigurePrimaryHttpMessageHandler(
                (handler, _) => ((SocketsHttpHandler)handler).ConnectCallback = LoopbackOnly.ConnectAsync);
            // So that a busy machine is not taken for an issuer that is away.
            services.AddSingleton(new IssuerPatience(TimeSpan.FromSeconds(30)));
            configureServices?.Invoke(services);
        });
    }

    private static void AddProbe(IServiceCollection services)
    {
        services.AddSingleton<SlowProbes>();
        services.AddTestFeature(new ProbeFeature());
    }

    /// <summary>Tests talk to this machine only.</summary>
    private static class LoopbackOnly
    {
        public static async ValueTask<Stream> ConnectAsync(
            SocketsHttpConnectionContext context, CancellationToken ct)
        {
            var host = context.DnsEndPoint.Host;
            if (!IPAddress.TryParse(host, out var address) || !IPAddress.IsLoopback(address))
            {
                throw new InvalidOperationException($"A test tried to reach {host}.");
            }

            var socket = new System.Net.Sockets.Socket(
                System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            await socket.ConnectAsync(address, context.DnsEndPoint.Port, ct);
            return new System.Net.Sockets.NetworkStream(socket, ownsSocket: true);
        }
    }
}

internal static class TestServices
{
    /// <summary>For a host that fails on purpose and often.</summary>
    public static void WithoutLog(this IServiceCollection services) => services.RemoveAll<ILoggerProvider>();

    /// <summary>One feature more in the host of a test.</summary>
    public static void AddTestFeature(this IServiceCollection services, IFeature feature)
    {
        var catalog = (FeatureCatalog)services.Last(s => s.ServiceType == typeof(FeatureCatalog)).ImplementationInstance!;
        services.AddSingleton(new FeatureCatalog([.. catalog.Features, feature]));
    }
}
