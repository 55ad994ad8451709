using System.Net;
using System.Net.Sockets;

namespace HipaaTemplate.Platform.Authentication.Keys;

internal sealed class AddressRefusedException() : IOException("The name leads to an address that is not public.");

/// <summary>
/// Connects to public addresses only. A tenant chooses the URL of its issuer, and must not make this process
/// ask the deployment's own network, such as the cloud's metadata service, in its place. The addresses are
/// looked at after the name was resolved, and the connection goes to those that were looked at: a name that
/// resolves differently the next time gains nothing.
/// </summary>
/// <param name="allowLoopback">In development.</param>
internal sealed class PublicNetwork(bool allowLoopback)
{
    /// <summary>IANA's special-purpose registries (RFC 6890) and what carries an IPv4 address inside IPv6.</summary>
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
            "224.0.0.0/4", "240.0.0.0/4",
            // Azure's platform, which answers from inside only.
            "168.63.129.16/32",
            "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
            "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, ct);
        if (addresses.Length == 0 || !Array.TrueForAll(addresses, IsAllowed))
        {
            throw new AddressRefusedException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public bool IsAllowed(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (allowLoopback && IPAddress.IsLoopback(plain)) || !Array.Exists(NotPublic, network => network.Contains(plain));
    }
}
