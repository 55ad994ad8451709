using System.Net;
using HipaaTemplate.Platform.Settings;

namespace HipaaTemplate.Platform.Hosting;

internal enum DeploymentEnvironment
{
    Production,
    Staging,
    Development,
}

/// <summary>How the process listens and whom it trusts in front of it.</summary>
internal sealed class ServerSettings : IHasProblems
{
    [Setting("ENVIRONMENT", "production, staging or development; development conveniences are refused elsewhere.",
        DefaultText = "production")]
    public DeploymentEnvironment Environment { get; set; } = DeploymentEnvironment.Production;

    [Setting("PORT", "TCP port to listen on, all addresses.")]
    public int Port { get; set; } = 8000;

    [Setting("MAX_CONNECTIONS", "Open client connections, more are refused.")]
    public int MaxConnections { get; set; } = 4096;

    [Setting("ALLOWED_ORIGINS", "Origins of single-page apps that may call the API from a browser, comma-separated, exact: https://app.example.org.",
        DefaultText = "none")]
    public string[] AllowedOrigins { get; set; } = [];

    [Setting("TRUSTED_PROXIES", "Addresses or networks (CIDR) of the proxies in front, comma-separated; X-Forwarded-For and X-Forwarded-Proto are believed from them only.",
        DefaultText = "none")]
    public string[] TrustedProxies { get; set; } = [];

    [Setting("TLS_CERTIFICATE_FILE", "PEM file of the certificate chain, when the process itself terminates TLS (1.2 or newer).")]
    public string? TlsCertificateFile { get; set; }

    [Setting("TLS_KEY_FILE", "PEM file of the certificate's private key.")]
    public string? TlsKeyFile { get; set; }

    public bool IsDevelopment => Environment == DeploymentEnvironment.Development;

    public IEnumerable<string> Problems()
    {
        if (Port is < 0 or > 65535)
        {
            yield return "PORT must be between 0 and 65535.";
        }

        if (MaxConnections < 1)
        {
            yield return "MAX_CONNECTIONS must be at least 1.";
        }

        if (!AllowedOrigins.All(IsExactOrigin))
        {
            yield return "ALLOWED_ORIGINS must hold exact origins, scheme://host[:port], without a path or a wildcard.";
        }

        if (!TrustedProxies.All(proxy => TryParseProxy(proxy, out _)))
        {
            yield return "TRUSTED_PROXIES must hold IP addresses or networks such as 10.0.0.0/8.";
        }

        if (TlsCertificateFile is null != TlsKeyFile is null)
        {
            yield return "TLS_CERTIFICATE_FILE and TLS_KEY_FILE go together.";
        }

        foreach (var (name, file) in new[]
            { ("TLS_CERTIFICATE_FILE", TlsCertificateFile), ("TLS_KEY_FILE", TlsKeyFile) })
        {
            if (file is not null && !File.Exists(file))
            {
                yield return $"{name} names a file that does not exist.";
            }
        }
    }

    public static bool TryParseProxy(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
        {
            return true;
        }

        var isAddress = IPAddress.TryParse(text, out var address);
        network = isAddress ? new IPNetwork(address!, address!.GetAddressBytes().Length * 8) : default;
        return isAddress;
    }

    private static bool IsExactOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && uri is { Scheme: "http" or "https", UserInfo: "" }
        && string.Equals(uri.GetLeftPart(UriPartial.Authority), text, StringComparison.OrdinalIgnoreCase);
}
