using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Harness.Services;

/// <summary>What a double answers: a status, and JSON or nothing.</summary>
internal sealed record DoubleAnswer(int Status, JsonNode? Body);

/// <summary>
/// A service on a port of its own that answers JSON as the real one does, breaks in each way that a
/// <see cref="KeyServiceFault"/> names, and counts who asked for what.
/// </summary>
internal abstract class ServiceDouble(X509Certificate2? certificate = null) : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> calls = new();
    private WebApplication? host;
    private int port;

    /// <summary>As the service's setting takes it.</summary>
    public Uri Address => new($"{(certificate is null ? "http" : "https")}://127.0.0.1:{port}");

    /// <summary>Method and path of each call, in the order that they came.</summary>
    public IReadOnlyList<string> Calls => [.. calls];

    /// <summary>What goes wrong with every call. <see cref="KeyServiceFault.Down"/> is <see cref="StopAsync"/>.</summary>
    public KeyServiceFault? Fault { get; set; }

    /// <summary>While set, answers wait for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public int CallsOf(string path) => calls.Count(call => call.EndsWith(path, StringComparison.Ordinal));

    /// <summary>Listens, on the port that it had before if it had one.</summary>
    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(
            System.Net.IPAddress.Loopback, port,
            listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            }));
        var app = builder.Build();
        app.Run(HandleAsync);
        await app.StartAsync();
        port = new Uri(app.Urls.Single()).Port;
        host = app;
    }

    /// <summary>Nobody listens any more, and connections that were open are gone.</summary>
    public async Task StopAsync()
    {
        if (host is { } running)
        {
            host = null;
            await running.StopAsync();
            await running.DisposeAsync();
        }
    }

    public virtual async ValueTask DisposeAsync() => await StopAsync();

    /// <param name="request">Its method, path and headers.</param>
    /// <param name="body">Its body; empty where there is none.</param>
    protected abstract Task<DoubleAnswer> AnswerAsync(HttpRequest request, JsonObject body);

    /// <summary>In the service's own shape.</summary>
    protected abstract DoubleAnswer Error(int status, string text);

    private async Task HandleAsync(HttpContext context)
    {
        calls.Enqueue($"{context.Request.Method} {context.Request.Path}");
        using var text = new StreamReader(context.Request.Body);
        var content = await text.ReadToEndAsync();
        if (Gate is { } gate)
        {
            await gate.Task;
        }

        switch (Fault)
        {
            case KeyServiceFault.Reset:
                context.Abort();
                return;
            case KeyServiceFault.Hang:
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                return;
            case KeyServiceFault.NotJson:
                await context.Response.WriteAsync("<!doctype html><title>Sign in to the network</title>");
                return;
            case KeyServiceFault.Throttled:
                await WriteAsync(context, Error(StatusCodes.Status429TooManyRequests, "request limit exceeded"));
                return;
            case KeyServiceFault.ServerError:
                await WriteAsync(context, Error(StatusCodes.Status500InternalServerError, "internal error"));
                return;
        }

        var body = content.Length == 0 ? [] : JsonSerializer.Deserialize<JsonObject>(content)!;
        await WriteAsync(context, await AnswerAsync(context.Request, body));
    }

    private async Task WriteAsync(HttpContext context, DoubleAnswer answer)
    {
        context.Response.StatusCode = answer.Status;
        if (answer.Body is null)
        {
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(answer.Body.ToJsonString());
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        if (Fault == KeyServiceFault.ResetMidBody)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(bytes);
    }
}
