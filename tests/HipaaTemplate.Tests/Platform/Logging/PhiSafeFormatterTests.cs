using System.Text.Json;
using HipaaTemplate.Platform.Logging;
using Npgsql;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Parsing;

namespace HipaaTemplate.Tests.Platform.Logging;

internal sealed class PhiSafeFormatterTests
{
    [Test]
    public void An_exception_keeps_types_and_stack_and_loses_its_messages()
    {
        var line = Format(Thrown());

        var text = line.GetProperty("@x").GetString();
        Assert.Multiple(() =>
        {
            Assert.That(text, Does.StartWith("System.InvalidOperationException\n"));
            Assert.That(text, Does.Contain("---> System.FormatException"));
            Assert.That(text, Does.Contain(nameof(Thrown)));
            Assert.That(line.ToString(), Does.Not.Contain("canary"));
        });
    }

    [Test]
    public void A_database_error_keeps_its_SQLSTATE_alone()
    {
        var line = Format(new PostgresException(
            "canary message", "ERROR", "ERROR", "23505", detail: "canary detail", hint: "canary hint"));

        Assert.That(line.GetProperty("@x").GetString(), Does.Contain("Npgsql.PostgresException SQLSTATE 23505"));
        Assert.That(line.ToString(), Does.Not.Contain("canary"));
    }

    [Test]
    public void A_property_that_repeats_the_exception_goes_and_others_stay()
    {
        var exception = Thrown();

        var line = Format(
            exception,
            new LogEventProperty("error", new ScalarValue(exception.ToString())),
            new LogEventProperty("inner", new ScalarValue($"because {exception.InnerException!.Message}")),
            new LogEventProperty("object", new ScalarValue(exception)),
            new LogEventProperty("code", new ScalarValue("REQ_010")));

        Assert.That(line.ToString(), Does.Not.Contain("canary"));
        Assert.That(line.GetProperty("code").GetString(), Is.EqualTo("REQ_010"));
    }

    [Test]
    public void The_web_hosts_raw_path_goes_with_and_without_an_exception()
    {
        foreach (var exception in new[] { null, Thrown() })
        {
            var line = Format(
                exception,
                new LogEventProperty("RequestPath", new ScalarValue("/canary")),
                new LogEventProperty("ConnectionId", new ScalarValue("canary")),
                new LogEventProperty("RequestId", new ScalarValue("canary")),
                new LogEventProperty("route", new ScalarValue("/api")));

            Assert.That(line.ToString(), Does.Not.Contain("canary"));
            Assert.That(line.GetProperty("route").GetString(), Is.EqualTo("/api"));
        }
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("canary outside", new FormatException("canary inside"));
        }
        catch (InvalidOperationException e)
        {
            return e;
        }
    }

    private static JsonElement Format(Exception? exception, params LogEventProperty[] properties)
    {
        using var output = new StringWriter();
        new PhiSafeFormatter(new CompactJsonFormatter()).Format(
            new LogEvent(DateTimeOffset.UnixEpoch, LogEventLevel.Error, exception,
                new MessageTemplateParser().Parse("It failed"), properties),
            output);
        return JsonSerializer.Deserialize<JsonElement>(output.ToString());
    }
}
