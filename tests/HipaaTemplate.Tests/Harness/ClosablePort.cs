using System.Net;
using System.Net.Sockets;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// A port in front of a server that can be closed and opened again. It stays bound throughout, so that nobody
/// else gets it in between.
/// </summary>
internal sealed class ClosablePort : IAsyncDisposable
{
    private readonly IPEndPoint server;
    private readonly Socket holder = NewSocket();
    private readonly List<Socket> connections = [];
    private readonly Lock state = new();
    private readonly List<Task> work = [];
    private Socket? listener;

    public ClosablePort(int serverPort)
    {
        server = new IPEndPoint(IPAddress.Loopback, serverPort);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Open();
    }

    public int Port => ((IPEndPoint)holder.LocalEndPoint!).Port;

    public void Open()
    {
        lock (state)
        {
            if (listener is null)
            {
                listener = NewSocket();
                listener.Bind(holder.LocalEndPoint!);
                listener.Listen(512);
                work.Add(AcceptAsync(listener));
            }
        }
    }

    /// <summary>Who calls is refused, and who is connected is cut off.</summary>
    public void Close()
    {
        lock (state)
        {
            listener?.Dispose();
            listener = null;
            foreach (var connection in connections)
            {
                Reset(connection);
            }

            connections.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        holder.Dispose();
        await Task.WhenAll(work);
    }

    private static Socket NewSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        return socket;
    }

    private static void Reset(Socket socket)
    {
        // Zero seconds to linger: the other side sees a reset, not an end.
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    private async Task AcceptAsync(Socket on)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await on.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            var inner = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            client.NoDelay = true;
            await inner.ConnectAsync(server);
            lock (state)
            {
                if (listener != on)
                {
                    Reset(client);
                    inner.Dispose();
                    continue;
                }

                connections.AddRange([client, inner]);
            }

            _ = RelayAsync(client, inner);
            _ = RelayAsync(inner, client);
        }
    }

    /// <summary>An end is passed on as an end, a reset as a reset.</summary>
    private async Task RelayAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer)) > 0)
            {
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            lock (state)
            {
                foreach (var socket in new[] { from, to }.Where(connections.Remove))
                {
                    Reset(socket);
                }
            }
        }
    }
}
