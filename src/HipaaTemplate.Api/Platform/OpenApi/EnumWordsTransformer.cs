using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace HipaaTemplate.Platform.OpenApi;

/// <summary>Lists an enum's words as <see cref="EnumWordConverterFactory"/> reads and writes them.</summary>
internal sealed class EnumWordsTransformer : IOpenApiSchemaTransformer
{
    public Task TransformAsync(
        OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (type.IsEnum)
        {
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. Enum.GetNames(type).Select(name => (JsonNode)EnumWordConverterFactory.WordOf(name))];
        }

        return Task.CompletedTask;
    }
}
