using System.Diagnostics;
using System.Text.Json;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Parsing;

namespace HipaaTemplate.Tests.Platform.Logging;

/// <summary>The format is CLEF, so that any reader of it can take the package's place or ours.</summary>
internal sealed class CompactJsonFormatterTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.FromHours(2));

    [Test]
    public void Time_is_UTC_and_the_template_stays_a_template()
    {
        var line = Format(LogEventLevel.Information, "Hello {name}", ("name", "Dana"));

        Assert.Multiple(() =>
        {
            Assert.That(line.GetProperty("@t").GetString(), Is.EqualTo("2026-01-02T10:00:00.0000000Z"));
            Assert.That(line.GetProperty("@mt").GetString(), Is.EqualTo("Hello {name}"));
            Assert.That(line.GetProperty("name").GetString(), Is.EqualTo("Dana"));
            Assert.That(line.TryGetProperty("@l", out _), Is.False, "Information is not written");
            Assert.That(line.TryGetProperty("@x", out _), Is.False);
            Assert.That(line.TryGetProperty("@r", out _), Is.False);
        });
    }

    [TestCase(LogEventLevel.Warning)]
    [TestCase(LogEventLevel.Debug)]
    public void Any_other_level_is_written(LogEventLevel level) =>
        Assert.That(Format(level, "x").GetProperty("@l").GetString(), Is.EqualTo(level.ToString()));

    [Test]
    public void A_formatted_value_is_rendered_too() => Assert.That(
        Format(LogEventLevel.Information, "{a} {n:000}", ("a", 1), ("n", 7)).GetProperty("@r").ToString(),
        Is.EqualTo("[\"007\"]"));

    [Test]
    public void A_property_cannot_pass_for_one_of_the_formats_own() => Assert.That(
        Format(LogEventLevel.Information, "x", ("@l", "Fatal")).GetProperty("@@l").GetString(), Is.EqualTo("Fatal"));

    [Test]
    public void Line_ends_and_quotes_in_a_value_stay_inside_the_line()
    {
        const string value = "a\"b\\c\r\nd\u2028\0";

        Assert.That(Format(LogEventLevel.Information, value, ("p", value)).GetProperty("p").GetString(), Is.EqualTo(value));
    }

    private static JsonElement Format(LogEventLevel level, string template, params (string Name, object Value)[] properties)
    {
        using var output = new StringWriter();
        new CompactJsonFormatter().Format(
            new LogEvent(Noon, level, null, new MessageTemplateParser().Parse(template),
                properties.Select(p => new LogEventProperty(p.Name, new ScalarValue(p.Value))),
                default(ActivityTraceId), default(ActivitySpanId)),
            output);
        var text = output.ToString();
        Assert.That(text.TrimEnd('\n'), Does.Not.Contain('\n'), "one event, one line");
        return JsonSerializer.Deserialize<JsonElement>(text);
    }
}
