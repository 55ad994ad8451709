using System.Globalization;
using Serilog.Events;
using Serilog.Formatting.Json;
using Serilog.Parsing;

namespace Serilog.Formatting.Compact;

/// <summary>
/// Writes one log event a line in the compact log event format (CLEF, https://clef-json.org): @t
/// time, @mt message template, @l level unless Information, @x exception, @tr and @sp trace and
/// span, then the properties. Stand-in for the package of this name; see README.md beside it.
/// </summary>
public sealed class CompactJsonFormatter(JsonValueFormatter? valueFormatter = null) : ITextFormatter
{
    private readonly JsonValueFormatter valueFormatter = valueFormatter ?? new JsonValueFormatter("$type");

    public void Format(LogEvent logEvent, TextWriter output)
    {
        FormatEvent(logEvent, output, valueFormatter);
        output.WriteLine();
    }

    public static void FormatEvent(LogEvent logEvent, TextWriter output, JsonValueFormatter valueFormatter)
    {
        ArgumentNullException.ThrowIfNull(logEvent);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(valueFormatter);

        output.Write("{\"@t\":\"");
        output.Write(logEvent.Timestamp.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        output.Write("\",\"@mt\":");
        JsonValueFormatter.WriteQuotedJsonString(logEvent.MessageTemplate.Text, output);
        WriteRenderings(logEvent, output);
        if (logEvent.Level != LogEventLevel.Information)
        {
            WriteText("@l", logEvent.Level.ToString(), output);
        }

        if (logEvent.Exception is { } exception)
        {
            WriteText("@x", exception.ToString(), output);
        }

        if (logEvent.TraceId is { } traceId)
        {
            WriteText("@tr", traceId.ToHexString(), output);
        }

        if (logEvent.SpanId is { } spanId)
        {
            WriteText("@sp", spanId.ToHexString(), output);
        }

        foreach (var (name, value) in logEvent.Properties)
        {
            output.Write(',');
            // Names that begin with @ are the format's own; a property's is doubled.
            JsonValueFormatter.WriteQuotedJsonString(name.StartsWith('@') ? "@" + name : name, output);
            output.Write(':');
            valueFormatter.Format(value, output);
        }

        output.Write('}');
    }

    /// <summary>@r: the values that the template formats, because a reader cannot know the format.</summary>
    private static void WriteRenderings(LogEvent logEvent, TextWriter output)
    {
        var formatted = logEvent.MessageTemplate.Tokens.OfType<PropertyToken>()
            .Where(token => token.Format is not null)
            .ToList();
        if (formatted.Count == 0)
        {
            return;
        }

        output.Write(",\"@r\":[");
        for (var i = 0; i < formatted.Count; i++)
        {
            if (i > 0)
            {
                output.Write(',');
            }

            using var rendering = new StringWriter(CultureInfo.InvariantCulture);
            formatted[i].Render(logEvent.Properties, rendering, CultureInfo.InvariantCulture);
            JsonValueFormatter.WriteQuotedJsonString(rendering.ToString(), output);
        }

        output.Write(']');
    }

    private static void WriteText(string name, string value, TextWriter output)
    {
        output.Write(",\"");
        output.Write(name);
        output.Write("\":");
        JsonValueFormatter.WriteQuotedJsonString(value, output);
    }
}
