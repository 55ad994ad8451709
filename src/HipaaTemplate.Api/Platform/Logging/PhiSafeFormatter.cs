using Serilog.Events;
using Serilog.Formatting;

namespace HipaaTemplate.Platform.Logging;

/// <summary>
/// The last step before a line leaves the process: an exception keeps its types and stack and loses
/// its messages, which may quote a row or a request, and so do properties that repeat them; the raw
/// path that the web host adds to every line goes too. Whatever a library logs passes here.
/// </summary>
internal sealed class PhiSafeFormatter(ITextFormatter inner) : ITextFormatter
{
    /// <summary>Put on every line by the web host's logging scope.</summary>
    private static readonly string[] HostProperties = ["RequestPath", "ConnectionId", "RequestId"];

    public void Format(LogEvent logEvent, TextWriter output)
    {
        foreach (var property in HostProperties)
        {
            logEvent.RemovePropertyIfPresent(property);
        }

        inner.Format(logEvent.Exception is null ? logEvent : WithoutMessages(logEvent), output);
    }

    private static LogEvent WithoutMessages(LogEvent logEvent) => new(
        logEvent.Timestamp,
        logEvent.Level,
        new RedactedException(logEvent.Exception!),
        logEvent.MessageTemplate,
        logEvent.Properties
            .Where(p => !RepeatsAMessage(p.Value, logEvent.Exception!))
            .Select(p => new LogEventProperty(p.Key, p.Value)),
        logEvent.TraceId ?? default,
        logEvent.SpanId ?? default);

    /// <summary>EF Core puts the whole exception into a property of the line as well.</summary>
    private static bool RepeatsAMessage(LogEventPropertyValue value, Exception exception)
    {
        var text = value is ScalarValue { Value: string or Exception } scalar ? scalar.Value.ToString()! : "";
        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (current.Message.Length > 0 && text.Contains(current.Message, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private sealed class RedactedException(Exception exception) : Exception
    {
        public override string ToString()
        {
            List<string> parts = [];
            for (var current = exception; current is not null; current = current.InnerException)
            {
                var state = current is Npgsql.PostgresException postgres ? $" SQLSTATE {postgres.SqlState}" : "";
                parts.Add($"{current.GetType().FullName}{state}\n{current.StackTrace}");
            }

            return string.Join("\n---> ", parts);
        }
    }
}
