using System.Reflection;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>Every text that comes in is bounded and free of control characters.</summary>
internal sealed class RequestTests
{
    /// <summary>Members that are no text of people, each with what checks them instead.</summary>
    private static readonly Dictionary<string, string> Exceptions = [];

    private static IEnumerable<Type> Bodies => Endpoints.Of(App.Api)
        .Select(route => route.Endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType)
        .OfType<Type>().Distinct();

    [Test]
    public void Every_string_of_a_request_says_how_long_it_may_be()
    {
        Assert.That(Bodies, Is.Not.Empty);
        var unbounded = Bodies.SelectMany(TypesOf).Distinct().SelectMany(StringsOf)
            .Where(property => !IsText(property))
            .Select(property => $"{property.DeclaringType!.Name}.{property.Name}").ToList();
        Assert.That(unbounded, Is.EquivalentTo(Exceptions.Keys), "Add [property: Text(maximum)].");
    }

    [Test]
    public void Every_request_is_a_record_because_validation_skips_record_structs() => Assert.That(
        Bodies.SelectMany(TypesOf).Where(type => type.IsValueType || type.GetMethod("<Clone>$") is null), Is.Empty);

    private static IEnumerable<PropertyInfo> StringsOf(Type type) => type.GetProperties()
        .Where(property => property.PropertyType == typeof(string) || ElementOf(property.PropertyType) == typeof(string));

    private static bool IsText(PropertyInfo property) =>
        property.GetCustomAttribute<TextAttribute>() is not null
        || property.DeclaringType!.GetConstructors().SelectMany(constructor => constructor.GetParameters())
            .Any(parameter => parameter.Name == property.Name && parameter.GetCustomAttribute<TextAttribute>() is not null);

    /// <summary>A body and the records inside it.</summary>
    private static IEnumerable<Type> TypesOf(Type type) => type.GetProperties()
        .Select(property => ElementOf(property.PropertyType) ?? property.PropertyType)
        .Where(inner => inner != type && inner.IsClass && inner.Namespace?.StartsWith(nameof(HipaaTemplate), StringComparison.Ordinal) == true)
        .SelectMany(TypesOf).Append(type);

    private static Type? ElementOf(Type type) => type == typeof(string)
        ? null
        : type.GetElementType() ?? type.GetInterfaces().Append(type)
            .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];
}
