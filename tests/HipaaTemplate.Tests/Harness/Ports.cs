using System.Net;
using System.Net.Sockets;

namespace HipaaTemplate.Tests.Harness;

internal static class Ports
{
    /// <summary>Nothing listens there: discard, below what the system hands out.</summary>
    public const int Dead = 9;

    /// <summary>A port that was free a moment ago, for a process that must be told one.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
