using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
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
            CreateProvider(provider.GetRequiredService<IOptions<LoggingSettings>>().Value));
    }

    private static SerilogLoggerProvider CreateProvider(LoggingSettings settings)
    {
        var frameworkLevel = settings.MinimumLevel < LogEventLevel.Warning
            ? LogEventLevel.Warning
            : settings.MinimumLevel;
        var logger = new LoggerConfiguration()
            .MinimumLevel.Is(settings.MinimumLevel)
            // Frameworks log paths, queries and SQL below Warning, at every LOG_LEVEL of ours.
            .MinimumLevel.Override("Microsoft", frameworkLevel)
            .MinimumLevel.Override("System", frameworkLevel)
            .MinimumLevel.Override("Npgsql", frameworkLevel)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", settings.MinimumLevel)
            // Our own handler logs unhandled exceptions, once.
            .MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogEventLevel.Fatal)
            .WriteTo.Console(new PhiSafeFormatter(new CompactJsonFormatter()))
            .CreateLogger();
        return new SerilogLoggerProvider(logger, dispose: true);
    }
}
