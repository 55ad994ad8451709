using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>What PostgreSQL refuses is answered with a code; its words, which may quote a row, go nowhere.</summary>
internal sealed class DatabaseFaultLogTests
{
    [Test]
    public async Task A_conflict_is_no_error_in_the_log_and_a_refused_text_leaves_no_words_there()
    {
        using var lines = new Lines();
        var (api, _) = await App.NewApiAsync(configureServices: services => services.AddSingleton<ILoggerProvider>(lines));
        await using var running = api;
        var clinic = await App.NewClinicAsync(api);
        using var doctor = api.WithToken(App.Issuer.NewToken(clinic.Doctor).Sign());

        await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = "twice" });
        using var conflict = await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = "twice" });
        using var refused = await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = "a\0b" });

        Assert.That((int)conflict.StatusCode, Is.InRange(400, 499));
        Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(lines.Written, Is.Not.Empty);
        Assert.That(lines.Written.Where(line => line.Level >= LogLevel.Error), Is.Empty);
        Assert.That(lines.Written.Where(line => line.Text.Contains("PostgresException", StringComparison.Ordinal)), Is.Empty);
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Written { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => Written.Enqueue((logLevel, formatter(state, exception)));

        public void Dispose()
        {
        }
    }
}
