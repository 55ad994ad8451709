using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Auditing;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HipaaTemplate.Platform.OpenApi;

/// <summary>Describes the purpose of use that every audited operation takes.</summary>
internal sealed class PurposeTransformer : IOpenApiOperationTransformer
{
    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Audited>().Any())
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = PurposesOfUse.Header,
                In = ParameterLocation.Header,
                Description = "Why patients' data is asked for (HL7 v3 PurposeOfUse); it stands in the audit trail.",
                Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Default = PurposesOfUse.Standard,
                    Enum = [.. PurposesOfUse.All.Keys.Order(StringComparer.Ordinal).Select(code => (JsonNode)code)],
                },
            });
        }

        return Task.CompletedTask;
    }
}
