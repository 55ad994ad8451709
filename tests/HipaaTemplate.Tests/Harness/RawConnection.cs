using System.Net.Sockets;
using System.Text;

namespace HipaaTemplate.Tests.Harness;

/// <summary>An HTTP/1.1 answer taken apart.</summary>
/// <param name="Status">0 when the connection was closed without an answer.</param>
/// <param name="Head">Status line and headers as they came.</param>
internal sealed record RawAnswer(int Status, string Head, string Body)
{
    public string? MediaType => Head.Split("\r\n")
        .FirstOrDefault(line => line.StartsWith("Content-Type:", StringComparison.OrdinalIgnoreCase))?
        .Split(':', 2)[1].Split(';')[0].Trim();

    public static async Task<RawAnswer> FromAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        $"{response}\r\nContent-Type: {response.Content.Headers.ContentType}",
        await response.Content.ReadAsStringAsync());
}

/// <summary>Sends bytes that no HTTP client would send.</summary>
internal static class RawConnection
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <param name="hangUp">Say that nothing more will come, though the request may be unfinished.</param>
    public static async Task<RawAnswer> SendAsync(Uri server, ReadOnlyMemory<byte> request, bool hangUp = false)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var timeout = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(server.Host, server.Port, timeout.Token);
        // The server may answer and close before it has read everything.
        var sending = SendAllAsync(socket, request, hangUp, timeout.Token);
        using var received = new MemoryStream();
        var buffer = new byte[8192];
        try
        {
            int count;
            while ((count = await socket.ReceiveAsync(buffer, timeout.Token)) > 0)
            {
                received.Write(buffer, 0, count);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // What was received until then is the answer.
        }

        await sending;
        return Parse(Encoding.Latin1.GetString(received.ToArray()));
    }

    private static async Task SendAllAsync(
        Socket socket, ReadOnlyMemory<byte> request, bool hangUp, CancellationToken ct)
    {
        try
        {
            while (request.Length > 0)
            {
                request = request[await socket.SendAsync(request, ct)..];
            }

            if (hangUp)
            {
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // Closed by the server; its answer says why.
        }
    }

    private static RawAnswer Parse(string text)
    {
        if (!text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal))
        {
            return new RawAnswer(0, text, "");
        }

        var parts = text.Split("\r\n\r\n", 2);
        return new RawAnswer(int.Parse(text.AsSpan(9, 3)), parts[0], parts.Length > 1 ? parts[1] : "");
    }
}
