using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Harness;

/// <summary>What a receiver got.</summary>
internal sealed record Received(string Path, string Id, string Timestamp, string Signature, byte[] Bytes)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Bytes);

    /// <summary>Written from standardwebhooks.com's specification alone.</summary>
    public bool IsSignedWith(string secret)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Convert.FromBase64String(secret.Split('_')[1]));
        hmac.AppendData(Encoding.ASCII.GetBytes(Id));
        hmac.AppendData("."u8);
        hmac.AppendData(Encoding.ASCII.GetBytes(Timestamp));
        hmac.AppendData("."u8);
        hmac.AppendData(Bytes);
        var expected = Convert.ToBase64String(hmac.GetHashAndReset());
        return Signature.Split(' ').Contains($"v1,{expected}");
    }

    public DateTimeOffset At => DateTimeOffset.FromUnixTimeSeconds(long.Parse(Timestamp, CultureInfo.InvariantCulture));
}

/// <summary>Somebody else's server: it answers each request with what a test has put in line, and else takes it.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication host;

    private WebhookReceiver(WebApplication host) => this.host = host;

    public Uri Address => new($"{host.Urls.Single()}/alerts");

    public ConcurrentQueue<Received> Requests { get; } = new();

    public ConcurrentQueue<Func<HttpContext, Task>> Answers { get; } = new();

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.ReceiveAsync);
        await app.StartAsync();
        return receiver;
    }

    public static Func<HttpContext, Task> Status(int status) => context =>
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    public static Task Reset(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    public static Task Hang(HttpContext context) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);

    public ValueTask DisposeAsync() => host.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers;
        Requests.Enqueue(new Received(
            context.Request.Path, $"{headers["webhook-id"]}", $"{headers["webhook-timestamp"]}", $"{headers["webhook-signature"]}", body.ToArray()));
        if (Answers.TryDequeue(out var answer))
        {
            await answer(context);
        }
    }
}
