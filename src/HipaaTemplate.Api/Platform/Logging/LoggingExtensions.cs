using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Configuration;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting;
using Serilog.Formatting.Compact;

namespace HipaaTemplate.Platform.Logging;

internal static class LoggingExtensions
{
    public static void AddStructuredLogging(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<LoggingSettings>();
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<ILoggerProvider>(provider =>
            CreateProvider(
                provider.GetRequiredService<IOptions<LoggingSettings>>().Value,
                (to, formatter) => to.Console(formatter)));
    }

    /// <param name="settings">LOG_LEVEL.</param>
    /// <param name="write">Where lines go; tests read them, everybody else has standard output.</param>
    public static ILoggerProvider CreateProvider(
        LoggingSettings settings, Func<LoggerSinkConfiguration, ITextFormatter, LoggerConfiguration> write)
    {
        var frameworkLevel = settings.MinimumLevel < LogEventLevel.Warning
            ? LogEventLevel.Warning
            : settings.MinimumLevel;
        var configuration = new LoggerConfiguration()
            .MinimumLevel.Is(settings.MinimumLevel)
            // Frameworks log paths, queries and SQL below Warning, at every LOG_LEVEL of ours.
            .MinimumLevel.Override("Microsoft", frameworkLevel)
            .MinimumLevel.Override("System", frameworkLevel)
            .MinimumLevel.Override("Npgsql", frameworkLevel)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", settings.MinimumLevel)
            // Our own handler logs unhandled exceptions, once.
            .MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogEventLevel.Fatal);
        var logger = write(configuration.WriteTo, new PhiSafeFormatter(new CompactJsonFormatter())).CreateLogger();
        return new SerilogLoggerProvider(logger, dispose: true);
    }
}
