using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Entities and nothing else.</summary>
internal sealed class EntityFeature(Type[] entities) : IFeature
{
    public IJsonTypeInfoResolver Json { get; } = JsonTypeInfoResolver.Combine();

    public void MapEntities(ModelBuilder model)
    {
        foreach (var entity in entities)
        {
            model.Entity(entity);
        }
    }

    public void MapEndpoints(IEndpointRouteBuilder api)
    {
    }
}
