using System.Net.Sockets;
using System.Text;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Bytes on a socket, for what a well-behaved client will not send.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<TcpClient> ConnectAsync(Uri address)
    {
        var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port);
        return client;
    }

    /// <summary>Everything that the server says until it closes.</summary>
    public static async Task<string> SendAsync(Uri address, string request)
    {
        using var client = await ConnectAsync(address);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        return await ReadToEndAsync(client);
    }

    public static async Task<string> ReadToEndAsync(TcpClient client)
    {
        using var timeout = new CancellationTokenSource(Patience);
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII, leaveOpen: true);
        try
        {
            return await reader.ReadToEndAsync(timeout.Token);
        }
        catch (IOException)
        {
            // Reset instead of closed: the same to a caller.
            return "";
        }
    }
}
