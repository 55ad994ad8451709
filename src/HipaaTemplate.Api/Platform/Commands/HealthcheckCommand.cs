using System.Diagnostics.CodeAnalysis;
using HipaaTemplate.Platform.Hosting;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The container's health check, so that the image needs no curl.</summary>
internal sealed class HealthcheckCommand(IOptions<ServerSettings> settings) : ICommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    public string Name => "healthcheck";

    public string Summary => "ask the API of this machine whether it is alive";

    public IReadOnlyList<string> Usage => ["healthcheck"];

    [SuppressMessage("Security", "CA5359",
        Justification = "The certificate is for the public name; this call does not leave the machine.")]
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        var scheme = settings.Value.TlsCertificateFile is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        var live = new UriBuilder(scheme, "localhost", settings.Value.Port, "/api/v1/health/live").Uri;
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
        using var client = new HttpClient(handler) { Timeout = Timeout };
        try
        {
            using var response = await client.GetAsync(live, ct);
            return response.IsSuccessStatusCode ? ExitCode.Done : ExitCode.Failed;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            throw new CommandException($"Nothing answers on port {settings.Value.Port}.");
        }
    }
}
