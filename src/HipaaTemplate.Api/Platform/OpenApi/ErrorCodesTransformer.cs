using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HipaaTemplate.Platform.OpenApi;

/// <summary>
/// Lists under each status every problem code that an operation may answer with, and says whether
/// it wants a token.
/// </summary>
internal sealed class ErrorCodesTransformer : IOpenApiOperationTransformer
{
    private static readonly Error[] EveryOperation = [RequestErrors.Unexpected, RequestErrors.TimedOut];

    private static readonly Error[] SignedInOperations =
    [
        AuthenticationErrors.NoToken,
        AuthenticationErrors.TokenRefused,
        AuthenticationErrors.ProviderUnavailable,
        AuthenticationErrors.StepUpNeeded,
        .. Error.AllIn(typeof(TenantErrors)),
        AuthorizationErrors.Forbidden,
        .. Error.AllIn(typeof(DatabaseErrors)),
        .. Error.AllIn(typeof(ProtectionErrors)),
        AuditErrors.Unavailable,
    ];

    private static readonly Error[] AuditedOperations = [AuditErrors.UnknownPurpose];

    private static readonly Error[] OperationsWithBody =
    [
        RequestErrors.Malformed,
        RequestErrors.Invalid,
        RequestErrors.TooLarge,
        RequestErrors.UnsupportedMediaType,
    ];

    public Task TransformAsync(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var own = metadata.OfType<FailsMetadata>().SelectMany(fails => fails.Errors);
        var isAnonymous = metadata.OfType<IAllowAnonymous>().Any();
        if (!isAnonymous)
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement
                {
                    [new OpenApiSecuritySchemeReference(SignInTransformer.SchemeName, context.Document)] =
                        [.. SignInTransformer.Scopes],
                },
            ];
        }

        Error[] errors =
        [
            .. own,
            .. EveryOperation,
            .. isAnonymous ? [] : SignedInOperations,
            .. metadata.OfType<Audited>().Any() ? AuditedOperations : [],
            .. operation.RequestBody is null ? [] : OperationsWithBody,
        ];
        Describe(operation, errors);
        return Task.CompletedTask;
    }

    private static void Describe(OpenApiOperation operation, Error[] errors)
    {
        operation.Responses ??= [];
        foreach (var status in errors.DistinctBy(error => error.Code).GroupBy(error => error.Status))
        {
            var codes = status.OrderBy(error => error.Code, StringComparer.Ordinal).ToList();
            operation.Responses[$"{status.Key}"] = new OpenApiResponse
            {
                Description = string.Join(" · ", codes.Select(error => $"{error.Code} {error.Title}")),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new() { Schema = ProblemSchema(codes) },
                },
            };
        }
    }

    private static OpenApiSchema ProblemSchema(List<Error> codes) => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { "type", "title", "status", "code", "request_id" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            ["code"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Enum = [.. codes.Select(error => (JsonNode)error.Code)],
            },
            ["request_id"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "Invalid members and what is wrong with each.",
                AdditionalProperties = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            },
        },
    };
}
