using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Harness;

/// <summary>One method at one route, as the running host has it.</summary>
/// <param name="Template">The route, <c>/api/v1/probes/{id:guid}</c>.</param>
/// <param name="Body">What it reads JSON into; null when it takes no body.</param>
internal sealed record Operation(
    string Method, string Template, RoutePattern Pattern, JsonTypeInfo? Body, IReadOnlyList<string> Query, bool IsAnonymous)
{
    /// <summary>The route with a well-formed value for each parameter, which names nothing.</summary>
    public string Path => PathWith(_ => Guid.CreateVersion7().ToString());

    public bool HasRouteParameters => Pattern.Parameters.Count > 0;

    public override string ToString() => $"{Method} {Template}";

    public string PathWith(Func<string, string> value) => Endpoints.PathOf(Pattern, value);

    /// <summary>A body that the endpoint's validation has nothing against.</summary>
    public JsonObject ValidBody() => SampleBodies.Of(Body!);
}

/// <summary>Every endpoint of a running host, so that a new one is tested without a word.</summary>
internal static class EndpointTable
{
    public static IReadOnlyList<Operation> Of(ApiHost api)
    {
        var json = api.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        return
        [
            .. Endpoints.Of(api)
                .Select(route => Describe(route.Endpoint, route.Method, json))
                .OrderBy(operation => operation.ToString(), StringComparer.Ordinal),
        ];
    }

    private static Operation Describe(RouteEndpoint endpoint, string method, JsonSerializerOptions json)
    {
        var body = endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        var handler = endpoint.Metadata.GetMetadata<MethodInfo>();
        var query = handler?.GetParameters()
            .Where(p => p.ParameterType == typeof(string) || Nullable.GetUnderlyingType(p.ParameterType) is not null
                || p.ParameterType.IsPrimitive)
            .Select(p => p.Name!)
            .Where(name => endpoint.RoutePattern.GetParameter(name) is null);
        return new Operation(
            method,
            endpoint.RoutePattern.RawText!,
            endpoint.RoutePattern,
            body is null ? null : json.GetTypeInfo(body),
            [.. query ?? []],
            endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null);
    }
}

/// <summary>Makes valid JSON for a request type out of its members' types and validation attributes.</summary>
internal static class SampleBodies
{
    private static readonly string[] Texts =
        [Unique, "5551234", "a@b.test", "2000-01-01", "text", "https://example.test", "00000000-0000-7000-8000-000000000001"];

    private const string Unique = "0123456789abcdef0123456789abcdef";
    private static readonly ConcurrentDictionary<Type, string> Made = new();

    /// <remarks>Texts differ from call to call where they may: another case may have stored the last one.</remarks>
    public static JsonObject Of(JsonTypeInfo type)
    {
        var sample = Made.GetOrAdd(type.Type, _ => Valid(type, Make(type)).ToJsonString());
        return (JsonObject)JsonNode.Parse(
            sample.Replace(Unique, Guid.CreateVersion7().ToString("N"), StringComparison.Ordinal))!;
    }

    private static JsonObject Make(JsonTypeInfo type)
    {
        var body = new JsonObject();
        foreach (var property in type.Properties.Where(p => p.Set is not null || p.AssociatedParameter is not null))
        {
            body[property.Name] = ValueOf(property.PropertyType, Attributes(property), type.Options);
        }

        return body;
    }

    /// <summary>Where members exclude each other, the first of them.</summary>
    private static JsonObject Valid(JsonTypeInfo type, JsonObject body)
    {
        while (body.Count > 1 && body.Deserialize(type) is IValidatableObject whole
            && whole.Validate(new ValidationContext(whole)).Any())
        {
            body.Remove(body.Last().Key);
        }

        return body;
    }

    public static bool HasRules(JsonPropertyInfo property) => Attributes(property).Length > 0;

    public static bool IsText(this JsonPropertyInfo property) => property.PropertyType == typeof(string);

    private static JsonNode? ValueOf(Type declared, ValidationAttribute[] rules, JsonSerializerOptions json)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (type == typeof(string))
        {
            return Texts.FirstOrDefault(text => Allows(rules, text))
                ?? throw new NotSupportedException($"Add a text to {nameof(SampleBodies)} that {rules[^1]} allows.");
        }

        var info = json.GetTypeInfo(type);
        return info.Kind switch
        {
            JsonTypeInfoKind.Object => Make(info),
            JsonTypeInfoKind.Enumerable => new JsonArray(ValueOf(info.ElementType!, [], json)),
            JsonTypeInfoKind.Dictionary => new JsonObject { ["key"] = ValueOf(info.ElementType!, [], json) },
            _ when type == typeof(bool) => true,
            _ when type == typeof(Guid) => Guid.CreateVersion7().ToString(),
            _ when type == typeof(DateOnly) => "2000-01-01",
            _ when type == typeof(DateTimeOffset) => "2000-01-01T00:00:00Z",
            _ when type.IsEnum => JsonSerializer.SerializeToNode(Enum.GetValues(type).GetValue(0), info),
            _ => 1,
        };
    }

    private static bool Allows(ValidationAttribute[] rules, object value) => rules.All(rule =>
        rule.GetValidationResult(value, new ValidationContext(value)) == ValidationResult.Success);

    private static ValidationAttribute[] Attributes(JsonPropertyInfo property) =>
        [.. property.AttributeProvider?.GetCustomAttributes(inherit: true).OfType<ValidationAttribute>() ?? []];
}
