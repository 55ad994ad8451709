using HipaaTemplate.Platform.Settings;
using Serilog.Events;

namespace HipaaTemplate.Platform.Logging;

internal enum LogVerbosity
{
    Debug,
    Info,
    Warning,
    Error,
}

internal sealed class LoggingSettings
{
    [Setting("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR.", DefaultText = "INFO")]
    public LogVerbosity Level { get; set; } = LogVerbosity.Info;

    public LogEventLevel MinimumLevel => Level switch
    {
        LogVerbosity.Debug => LogEventLevel.Debug,
        LogVerbosity.Info => LogEventLevel.Information,
        LogVerbosity.Warning => LogEventLevel.Warning,
        _ => LogEventLevel.Error,
    };
}
