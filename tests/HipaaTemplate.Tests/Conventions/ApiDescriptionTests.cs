using System.Reflection;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.OpenApi;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>/openapi.json says everything that a client can meet.</summary>
internal sealed class ApiDescriptionTests
{
    /// <summary>Endpoints that are not operations.</summary>
    private static readonly Dictionary<string, string> Undescribed = new()
    {
        ["GET /openapi.json"] = "the description itself",
    };

    private JsonElement document;

    [OneTimeSetUp]
    public async Task ReadAsync()
    {
        using var client = App.Api.Anonymous();
        document = await (await client.GetAsync("/openapi.json")).ShouldBeJsonAsync();
    }

    [Test]
    public void Every_endpoint_is_described_and_nothing_else_is()
    {
        var described = from path in document.GetProperty("paths").EnumerateObject()
                        from operation in path.Value.EnumerateObject()
                        select $"{operation.Name.ToUpperInvariant()} {Trimmed(path.Name)}";
        Assert.That(
            described.Concat(Undescribed.Keys),
            Is.EquivalentTo(Endpoints.Of(App.Api).Select(route => $"{route.Method} {Trimmed(route.Path)}")));
    }

    [Test]
    public void Every_operation_has_a_summary_a_tag_and_an_answer() => Assert.Multiple(() =>
    {
        foreach (var (route, operation) in Operations())
        {
            Assert.That(operation.TryGetProperty("summary", out var summary) ? summary.GetString() : null, Is.Not.Null.And.Not.Empty, $"{route}");
            Assert.That(operation.GetProperty("tags").GetArrayLength(), Is.Positive, $"{route}");
            Assert.That(operation.GetProperty("responses").EnumerateObject().Count(), Is.Positive, $"{route}");
        }
    });

    [Test]
    public void Every_operation_says_how_to_sign_in_unless_it_is_anonymous() => Assert.Multiple(() =>
    {
        foreach (var (route, operation) in Operations())
        {
            var isAnonymous = route.Endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            Assert.That(operation.TryGetProperty("security", out var security) && security.GetArrayLength() > 0, Is.Not.EqualTo(isAnonymous), $"{route}");
        }
    });

    [Test]
    public void Every_operation_lists_its_problem_codes() => Assert.Multiple(() =>
    {
        foreach (var (route, operation) in Operations())
        {
            Assert.That(CodesIn(operation), Is.SupersetOf(Expected(route).Select(error => error.Code)), $"{route}");
        }
    });

    /// <summary>
    /// Follows each handler through the code that it calls: an error that it can answer with stands in
    /// its .Fails(…), so that clients hear of it.
    /// </summary>
    [Test]
    public void Every_error_that_a_handler_names_is_in_its_description() => Assert.Multiple(() =>
    {
        foreach (var (route, operation) in Operations())
        {
            var named = route.Endpoint.Metadata.GetMetadata<MethodInfo>() is { } handler ? ErrorsNamedBy(handler) : [];
            Assert.That(named.Select(error => error.Code), Is.SubsetOf(CodesIn(operation)), $"{route}: add it to .Fails(…)");
        }
    });

    private static IEnumerable<Error> Expected(Route route)
    {
        var metadata = route.Endpoint.Metadata;
        Assert.That(metadata.GetMetadata<FailsMetadata>(), Is.Not.Null, $"{route}: say .Fails(…), if only the common ones");
        return
        [
            .. metadata.GetOrderedMetadata<FailsMetadata>().SelectMany(fails => fails.Errors),
            RequestErrors.Unexpected,
            .. metadata.GetMetadata<IAllowAnonymous>() is not null ? [] : new[]
            {
                AuthenticationErrors.NoToken, AuthenticationErrors.TokenRefused, TenantErrors.NoClaim, TenantErrors.MalformedClaim,
                TenantErrors.SeveralClaims, TenantErrors.Unknown, TenantErrors.Suspended, AuthorizationErrors.Forbidden,
                DatabaseErrors.Unavailable, DatabaseErrors.OutcomeUnknown,
            },
            .. metadata.GetMetadata<IAcceptsMetadata>() is null ? [] : new[]
            {
                RequestErrors.Malformed, RequestErrors.Invalid, RequestErrors.TooLarge, RequestErrors.UnsupportedMediaType,
            },
        ];
    }

    private static HashSet<Error> ErrorsNamedBy(MethodInfo handler)
    {
        HashSet<MethodBase> seen = [];
        HashSet<Error> errors = [];
        Stack<MethodBase> open = new([handler]);
        while (open.TryPop(out var method))
        {
            if (!seen.Add(method) || method.DeclaringType?.Namespace?.StartsWith(nameof(HipaaTemplate), StringComparison.Ordinal) != true)
            {
                continue;
            }

            foreach (var member in MethodIl.References(method))
            {
                if (member is FieldInfo { IsStatic: true } field && field.FieldType == typeof(Error))
                {
                    errors.Add((Error)field.GetValue(null)!);
                }
                else if (member is MethodBase called)
                {
                    open.Push(called);
                }
            }
        }

        return errors;
    }

    private static HashSet<string> CodesIn(JsonElement operation) =>
    [
        .. from response in operation.GetProperty("responses").EnumerateObject()
           where response.Value.TryGetProperty("content", out var content) && content.TryGetProperty("application/problem+json", out _)
           from code in response.Value.GetProperty("content").GetProperty("application/problem+json")
               .GetProperty("schema").GetProperty("properties").GetProperty("code").GetProperty("enum").EnumerateArray()
           select code.GetString(),
    ];

    private IEnumerable<(Route Route, JsonElement Operation)> Operations()
    {
        foreach (var route in Endpoints.Of(App.Api).Where(route => !Undescribed.ContainsKey($"{route}")))
        {
            var path = document.GetProperty("paths").EnumerateObject().SingleOrDefault(p => Trimmed(p.Name) == Trimmed(route.Path));
            if (path.Value.ValueKind == JsonValueKind.Object && path.Value.TryGetProperty(route.Method.ToLowerInvariant(), out var operation))
            {
                yield return (route, operation);
            }
        }
    }

    private static string Trimmed(string path) => path.Length > 1 ? path.TrimEnd('/') : path;
}
