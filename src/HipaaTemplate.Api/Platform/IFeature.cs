using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform.Errors;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform;

/// <summary>
/// One deletable folder under Features/. A feature uses Platform and never another feature; it
/// stands in the array in Program.cs, and removing it is deleting its folder, its tests' folder
/// and that line.
/// </summary>
internal interface IFeature
{
    /// <summary>Every error code the feature may answer with; they are listed in docs/ERROR_CODES.md.</summary>
    IEnumerable<Error> Errors => [];

    /// <summary>Source-generated JSON metadata of the feature's requests and responses.</summary>
    IJsonTypeInfoResolver Json { get; }

    /// <summary>Services that only this feature uses. Read settings from IOptions, never here.</summary>
    void AddServices(IServiceCollection services)
    {
    }

    /// <summary>
    /// The feature's entities. Tenant column, keys, filter, row-level security and grants come from
    /// <c>ITenantScoped</c> and need no word here.
    /// </summary>
    void MapEntities(ModelBuilder model)
    {
    }

    /// <summary>The feature's endpoints, below /api/v1. Each names its policy.</summary>
    void MapEndpoints(IEndpointRouteBuilder api);
}

/// <summary>The features of this build, in the order of Program.cs.</summary>
internal sealed record FeatureCatalog(IReadOnlyList<IFeature> Features);
