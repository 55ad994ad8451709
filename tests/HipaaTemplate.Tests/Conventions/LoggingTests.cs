using System.Reflection;
using System.Text.RegularExpressions;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>No log line can hold what a patient told: ids and codes only.</summary>
internal sealed partial class LoggingTests
{
    private static readonly string[] PhiWords =
    [
        "name", "given", "family", "birth", "dob", "age", "sex", "gender", "mrn", "email", "mail", "phone",
        "address", "city", "zip", "ssn", "contact", "history", "diagnosis", "condition", "medication", "allergy",
        "note", "notes", "body", "query", "path", "url", "payload", "request", "response", "token", "password",
        "secret", "cookie", "header", "headers",
    ];

    private static List<(MethodInfo Method, LoggerMessageAttribute Message)> Events { get; } =
    [
        .. from type in typeof(IFeature).Assembly.GetTypes()
           from method in type.GetMethods(
               BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
           let message = method.GetCustomAttribute<LoggerMessageAttribute>()
           where message is not null
           select (method, message),
    ];

    [Test]
    public void There_are_events_to_look_at() => Assert.That(Events, Is.Not.Empty);

    [Test]
    public void No_event_destructures_an_object() => Assert.That(
        Events.Where(e => e.Message.Message.Contains("{@", StringComparison.Ordinal)
            || e.Message.Message.Contains("{$", StringComparison.Ordinal)).Select(e => e.Message.Message),
        Is.Empty);

    [Test]
    public void No_event_has_a_property_named_like_PHI()
    {
        var suspects = from e in Events
                       from property in e.Method.GetParameters().Select(p => p.Name!)
                           .Concat(PlaceholderPattern().Matches(e.Message.Message).Select(m => m.Groups["name"].Value))
                       where !property.EndsWith("id", StringComparison.OrdinalIgnoreCase)
                       where WordPattern().Matches(property).Any(word => PhiWords.Contains(word.Value.ToLowerInvariant()))
                       select $"{e.Method.DeclaringType!.Name}.{e.Method.Name}: {property}";
        Assert.That(suspects, Is.Empty);
    }

    [Test]
    public void No_event_takes_an_object_apart_from_its_exception()
    {
        var suspects = from e in Events
                       from parameter in e.Method.GetParameters()
                       let type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType
                       where !type.IsPrimitive && !type.IsEnum
                           && type != typeof(string) && type != typeof(Guid) && type != typeof(TenantId)
                           && !typeof(ILogger).IsAssignableFrom(type) && !typeof(Exception).IsAssignableFrom(type)
                           && type.FullName?.StartsWith("System.DateTime", StringComparison.Ordinal) != true
                       select $"{e.Method.DeclaringType!.Name}.{e.Method.Name}: {parameter}";
        Assert.That(suspects, Is.Empty);
    }

    [Test]
    public void Event_ids_are_unique() => Assert.That(Events.Select(e => e.Message.EventId), Is.Unique);

    [Test]
    public void All_logging_is_by_source_generated_methods()
    {
        var calls = from file in SourceTree.Product
                    from Match call in LogCallPattern().Matches(SourceTree.Read(file))
                    select $"{file}: {call.Value}";
        Assert.That(calls, Is.Empty, "Write a [LoggerMessage] method.");
    }

    [GeneratedRegex(@"\{(?<name>\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PlaceholderPattern();

    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex WordPattern();

    [GeneratedRegex(
        @"\.Log(Trace|Debug|Information|Warning|Error|Critical)?\(|LoggerMessage\.Define|BeginScope\(|\bLog\.(Verbose|Debug|Information|Warning|Error|Fatal)\(",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LogCallPattern();
}
