using System.Collections.Concurrent;
using System.Text.Json;
using HipaaTemplate.Platform.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace HipaaTemplate.Tests.Harness;

/// <summary>The lines that a host would write to standard output, by the API's own levels and formatters.</summary>
internal sealed class LogCapture
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyList<string> Lines => [.. lines];

    public void Install(IServiceCollection services)
    {
        services.RemoveAll<ILoggerProvider>();
        services.AddSingleton(_ => LoggingExtensions.CreateProvider(
            new LoggingSettings { Level = LogVerbosity.Debug },
            (to, formatter) => to.Sink(new Sink(lines, formatter))));
    }

    /// <summary>The line of each finished request, in the order that they ended.</summary>
    public IReadOnlyList<JsonElement> Requests() => RequestLines(Lines);

    /// <summary>The line of each token that was refused.</summary>
    public IReadOnlyList<JsonElement> Refusals() =>
    [
        .. from line in Lines
           let json = JsonSerializer.Deserialize<JsonElement>(line)
           where json.GetProperty("@mt").GetString()!.StartsWith("Token refused", StringComparison.Ordinal)
           select json,
    ];

    /// <summary>Why the documents of an issuer could not be used, in order.</summary>
    public IReadOnlyList<string?> IssuerFailures() =>
    [
        .. from line in Lines
           let json = JsonSerializer.Deserialize<JsonElement>(line)
           where json.GetProperty("@mt").GetString()!.StartsWith("Keys of issuer {issuer} could not", StringComparison.Ordinal)
           select json.GetProperty("reason").GetString(),
    ];

    /// <summary>Why the token of a request was refused; null when it was not.</summary>
    public string? ReasonOf(string requestId) => Refusals()
        .Where(line => line.GetProperty("request_id").GetString() == requestId)
        .Select(line => line.GetProperty("reason").GetString()).SingleOrDefault();

    /// <summary>A line is written after the answer has left: wait for it.</summary>
    public Task HasRequestsAsync(int count) => Eventually.IsTrueAsync(
        () => Task.FromResult(Requests().Count >= count), $"There never were {count} request lines.");

    public static IReadOnlyList<JsonElement> RequestLines(IEnumerable<string> lines) =>
    [
        .. from line in lines
           let json = JsonSerializer.Deserialize<JsonElement>(line)
           where json.GetProperty("@mt").GetString()!.StartsWith("{method} {route}", StringComparison.Ordinal)
           select json,
    ];

    private sealed class Sink(ConcurrentQueue<string> lines, ITextFormatter formatter) : ILogEventSink
    {
        public void Emit(LogEvent logEvent)
        {
            using var line = new StringWriter();
            formatter.Format(logEvent, line);
            lines.Enqueue(line.ToString());
        }
    }
}
