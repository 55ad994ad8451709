using System.Reflection;
using System.Text.RegularExpressions;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Http.Metadata;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>A tenant's id is a type of its own everywhere: no other id passes for one.</summary>
internal sealed partial class TenantIdTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static
        | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Type[] Product = typeof(IFeature).Assembly.GetTypes();

    [Test]
    public void It_is_a_value_that_cannot_be_changed_and_has_no_value_by_default()
    {
        Assert.That(typeof(TenantId).IsValueType, Is.True);
        Assert.That(typeof(TenantId).GetFields(All).Where(field => !field.IsInitOnly), Is.Empty);
        Assert.That(default(TenantId).IsSet, Is.False);
        Assert.That(() => default(TenantId).Value, Throws.InvalidOperationException);
        Assert.That(() => new TenantId().Value, Throws.InvalidOperationException);
    }

    [Test]
    public void Nothing_turns_a_guid_or_a_text_into_one_unasked()
    {
        Assert.That(typeof(TenantId).GetConstructors(), Is.Empty);
        Assert.That(Product.SelectMany(ConversionsOf), Is.Empty);
        Assert.That(ConversionsOf(typeof(Convertible)), Has.Exactly(2).Items, "else the rule sees nothing");
    }

    [Test]
    public async Task Whatever_is_called_a_tenants_id_is_one()
    {
        Assert.That(Product.SelectMany(ImpostorsIn), Is.Empty);
        Assert.That(ImpostorsIn(typeof(Impostors)), Is.EquivalentTo(
            new[] { "tenantId", "TenantId", "tenant", "FromTenantId" }.Select(name => $"{nameof(Impostors)}.{name}")));

        await using var work = TenantWork.Of(App.Api, null);
        var properties = work.Db.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties())
            .Where(property => IsNameOfTenant(property.Name)).ToList();
        Assert.That(properties, Is.Not.Empty);
        Assert.That(properties.Where(property => !IsTenantId(property.ClrType)), Is.Empty);
    }

    /// <summary>It has a TryParse, so the framework would take one from the route, the query or the body.</summary>
    [Test]
    public void No_request_brings_one_along()
    {
        var routes = Endpoints.Of(App.Api);
        var parameters = from route in routes
                         from parameter in route.Endpoint.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? []
                         where IsTenantId(parameter.ParameterType) || IsNameOfTenant(parameter.Name!)
                         select $"{route}: {parameter.Name}";
        var members = from route in routes
                      let body = route.Endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType
                      where body is not null
                      from property in body.GetProperties()
                      where IsTenantId(property.PropertyType) || IsNameOfTenant(property.Name)
                      select $"{route}: {property.Name}";
        Assert.That(parameters.Concat(members), Is.Empty, "Take TenantContext: it has the verified claim's.");
    }

    private static IEnumerable<string> ConversionsOf(Type type) =>
        from method in type.GetMethods(All)
        where method.Name is "op_Implicit" or "op_Explicit"
            && method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType).Any(IsTenantId)
        select $"{type.Name}.{method.Name}";

    /// <summary>Fields, properties and parameters by such a name that hold any id or text. Constants name things.</summary>
    private static IEnumerable<string> ImpostorsIn(Type type) =>
        from member in type.GetFields(All).Where(field => !field.IsLiteral).Select(field => (field.Name, Type: field.FieldType))
            .Concat(type.GetProperties(All).Select(property => (property.Name, Type: property.PropertyType)))
            .Concat(type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All))
                .SelectMany(method => method.GetParameters()).Select(parameter => (Name: parameter.Name ?? "", Type: parameter.ParameterType)))
        where IsNameOfTenant(member.Name) && (Nullable.GetUnderlyingType(member.Type) ?? member.Type) is var held
            && (held == typeof(Guid) || held == typeof(string) || held == typeof(object))
        select $"{type.Name}.{member.Name}";

    private static bool IsTenantId(Type type) => (Nullable.GetUnderlyingType(type) ?? type) == typeof(TenantId);

    private static bool IsNameOfTenant(string name) => TenantPattern().IsMatch(name);

    [GeneratedRegex("^_?tenant$|tenantId$", RegexOptions.IgnoreCase, 1000)]
    private static partial Regex TenantPattern();

    private sealed record Convertible(TenantId Id)
    {
        public static implicit operator Convertible(TenantId id) => new(id);

        public static explicit operator TenantId(Convertible convertible) => convertible.Id;
    }

    private sealed class Impostors
    {
        private readonly string tenantId = "";

        public Guid TenantId { get; } = Guid.Empty;

        public object? Find(Guid? tenant, TenantId fromTenantId) => (tenant, fromTenantId, tenantId, FromTenantId);

        public object? FromTenantId { get; init; }
    }
}
