using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

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
                json.RespectNullableAnnotations = true;
                json.Converters.Add(new EnumWordConverterFactory());
                json.TypeInfoResolverChain.Insert(0, PlatformJson.Default);
                foreach (var feature in catalog.Features)
                {
                    json.TypeInfoResolverChain.Insert(0, feature.Json.WithAddedModifier(RequireWhatMayNotBeNull));
                }
            });

    /// <summary>Without it a member of type string that was left out would reach the handler as null.</summary>
    private static void RequireWhatMayNotBeNull(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: false, IsNullable: false })
            {
                property.IsRequired = true;
            }
        }
    }
}

[JsonSerializable(typeof(Errors.ListErrors.Response))]
[JsonSerializable(typeof(Health.StatusResponse))]
[JsonSerializable(typeof(Authentication.Users.GetMe.Response), TypeInfoPropertyName = "GetMeResponse")]
[JsonSerializable(typeof(Authentication.Revocation.RevokeTokens.Request))]
internal sealed partial class PlatformJson : JsonSerializerContext;
