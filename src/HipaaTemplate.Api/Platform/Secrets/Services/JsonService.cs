using System.Buffers;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace HipaaTemplate.Platform.Secrets.Services;

/// <summary>
/// Asks a key or secret service: JSON there and JSON back, within limits of time and size. Requests and
/// answers carry keys, so the bytes of both are wiped after use.
/// </summary>
internal sealed class JsonService : IDisposable
{
    private const int MostBytes = 64 * 1024;
    private const int RequestBytes = 4 * 1024;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly HttpClient client;

    /// <param name="address">Of the service, with the path that its API begins with.</param>
    /// <param name="certificateAuthorityFile">PEM file of the only authorities that are trusted; null: the machine's.</param>
    public JsonService(Uri address, string? certificateAuthorityFile)
    {
        var handler = new SocketsHttpHandler
        {
            // A redirect could lead to a host that is not the service, with the credentials in hand.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (certificateAuthorityFile is not null)
        {
            handler.SslOptions.CertificateChainPolicy = TrustOnly(certificateAuthorityFile);
        }

        client = new HttpClient(handler)
        {
            BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <param name="method">HTTP.</param>
    /// <param name="path">Below the address, without a slash at the beginning.</param>
    /// <param name="members">Writes the members of the object that is sent; null for no body.</param>
    /// <param name="headers">Adds what the service wants.</param>
    /// <param name="ct">The caller's deadline; ours is a few seconds.</param>
    /// <exception cref="ServiceException">Unavailable: there is no whole answer. Every status is an answer.</exception>
    public async Task<ServiceAnswer> SendAsync(
        HttpMethod method, string path, Action<Utf8JsonWriter>? members, Action<HttpRequestHeaders> headers, CancellationToken ct)
    {
        var body = new ArrayBufferWriter<byte>(RequestBytes);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(method, path);
            headers(request.Headers);
            if (members is not null)
            {
                WriteObject(body, members);
                request.Content = new ReadOnlyMemoryContent(body.WrittenMemory);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            return await ReadAsync(response, deadline.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException or SocketException)
        {
            ct.ThrowIfCancellationRequested();
            throw new ServiceException(
                ServiceFault.Unavailable, e is OperationCanceledException ? "timeout" : "no_connection", e);
        }
        finally
        {
            // It writes zeros over what was written.
            body.Clear();
        }
    }

    public void Dispose() => client.Dispose();

    private static void WriteObject(ArrayBufferWriter<byte> body, Action<Utf8JsonWriter> members)
    {
        using var writer = new Utf8JsonWriter(body);
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
    }

    private static async Task<ServiceAnswer> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MostBytes);
        try
        {
            await using var content = await response.Content.ReadAsStreamAsync(ct);
            var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
            if (length == buffer.Length)
            {
                throw new ServiceException(ServiceFault.Unavailable, "answer_too_large");
            }

            var answer = new ServiceAnswer((int)response.StatusCode, buffer, length);
            buffer = null;
            return answer;
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            }
        }
    }

    /// <summary>The host's name is checked as ever; only who may vouch for it changes.</summary>
    private static X509ChainPolicy TrustOnly(string file)
    {
        // A private authority seldom publishes revocations; the platform's default asks for none either.
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy;
    }
}
