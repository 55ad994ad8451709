using System.Net;
using System.Net.Sockets;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// A TCP relay that counts round trips: how often the client speaks again after the server answered.
/// The server's answer to the last one ends it.
/// </summary>
internal sealed class RoundTripProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly string host;
    private readonly int port;
    private int roundTrips;

    private RoundTripProxy(string host, int port) => (this.host, this.port) = (host, port);

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int RoundTrips => Volatile.Read(ref roundTrips);

    public static RoundTripProxy InFrontOf(string host, int port)
    {
        var proxy = new RoundTripProxy(host, port);
        proxy.listener.Start();
        _ = proxy.AcceptAsync();
        return proxy;
    }

    public void Reset() => Interlocked.Exchange(ref roundTrips, 0);

    public async ValueTask DisposeAsync()
    {
        if (!stopping.IsCancellationRequested)
        {
            await stopping.CancelAsync();
            listener.Dispose();
            stopping.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await listener.AcceptTcpClientAsync(stopping.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The proxy was disposed.
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var ours = client;
        using var theirs = new TcpClient { NoDelay = true };
        ours.NoDelay = true;
        await theirs.ConnectAsync(host, port, stopping.Token);
        // 1 while the server was the last to speak.
        var serverSpoke = new Turn { ServerSpoke = 1 };
        await Task.WhenAny(
            CopyAsync(ours.GetStream(), theirs.GetStream(), () =>
            {
                if (Interlocked.Exchange(ref serverSpoke.ServerSpoke, 0) == 1)
                {
                    Interlocked.Increment(ref roundTrips);
                }
            }),
            CopyAsync(theirs.GetStream(), ours.GetStream(), () =>
                Interlocked.Exchange(ref serverSpoke.ServerSpoke, 1)));
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Action heard)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, stopping.Token) is > 0 and var read)
            {
                heard();
                await to.WriteAsync(buffer.AsMemory(0, read), stopping.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // One side hung up.
        }
    }

    private sealed class Turn
    {
        public int ServerSpoke;
    }
}
