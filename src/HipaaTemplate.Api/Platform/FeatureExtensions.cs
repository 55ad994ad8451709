using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform;

internal static class FeatureExtensions
{
    public static void AddFeatures(this WebApplicationBuilder builder, IReadOnlyList<IFeature> features)
    {
        builder.Services.AddSingleton(new FeatureCatalog(features));
        foreach (var feature in features)
        {
            feature.AddServices(builder.Services);
        }
    }

    public static void MapFeatures(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1");
        ListErrors.Map(api);
        var audited = api.MapGroup("").AddEndpointFilter(new AuditGate()).WithMetadata(new Audited());
        foreach (var feature in app.Services.GetRequiredService<FeatureCatalog>().Features)
        {
            feature.MapEndpoints(audited);
        }
    }
}
