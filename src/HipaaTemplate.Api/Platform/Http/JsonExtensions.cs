using System.Text.Json;
using System.Text.Json.Serialization;

namespace HipaaTemplate.Platform.Http;

internal static class JsonExtensions
{
    /// <summary>Deep enough for any request here, shallow enough to be refused early.</summary>
    private const int MaximumDepth = 16;

    public static void AddJson(this WebApplicationBuilder builder) =>
        builder.Services.AddOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>()
            .Configure<FeatureCatalog>((options, catalog) =>
            {
                var json = options.SerializerOptions;
                json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
                json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
                json.AllowDuplicateProperties = false;
                json.PropertyNameCaseInsensitive = false;
                json.NumberHandling = JsonNumberHandling.Strict;
                json.MaxDepth = MaximumDepth;
                json.Converters.Add(
                    new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
                json.TypeInfoResolverChain.Insert(0, PlatformJson.Default);
                foreach (var feature in catalog.Features)
                {
                    json.TypeInfoResolverChain.Insert(0, feature.Json);
                }
            });
}

[JsonSerializable(typeof(Errors.ListErrors.Response))]
[JsonSerializable(typeof(Health.StatusResponse))]
internal sealed partial class PlatformJson : JsonSerializerContext;
