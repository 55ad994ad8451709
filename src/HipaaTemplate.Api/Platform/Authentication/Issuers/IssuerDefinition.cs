using System.Text.Json;
using System.Text.Json.Serialization;
using HipaaTemplate.Platform.Http;

namespace HipaaTemplate.Platform.Authentication.Issuers;

/// <summary>Proof of possession (RFC 9449) of an issuer's tokens.</summary>
internal enum DpopMode
{
    /// <summary>Bearer tokens only.</summary>
    Off,

    /// <summary>Bearer tokens, and bound ones with their proof.</summary>
    Accepted,

    /// <summary>Bound tokens only.</summary>
    Required,
}

/// <summary>
/// An issuer as an operator describes it, in OIDC_ISSUERS or in the database. What is left out comes from the
/// provider's preset.
/// </summary>
internal sealed record IssuerDefinition
{
    /// <summary>Unknown and repeated members are refused, as in requests: a misspelt one would be a check that is not made.</summary>
    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new EnumWordConverterFactory() },
        TypeInfoResolver = IssuerJson.Default,
    };

    // The others have setters: the source generator gives an init-only member that is left out the value
    // null, whatever its initializer says.
    public required string Issuer { get; init; }

    public IdentityProvider Provider { get; set; }

    public string? JwksUri { get; set; }

    public string[] ClientIds { get; set; } = [];

    public string[] Audiences { get; set; } = [];

    public string[] TokenTypes { get; set; } = [];

    public string[] Algorithms { get; set; } = [];

    public string? RequiredScope { get; set; }

    public DpopMode Dpop { get; set; }

    /// <summary>Dedicated: every token of this issuer is this tenant's.</summary>
    [JsonPropertyName("tenant")]
    public string? DedicatedTo { get; set; }

    /// <summary>Shared: the tenants that a token's claim may name; empty for any that is registered.</summary>
    public string[] Tenants { get; set; } = [];

    public string? TenantClaim { get; set; }

    public string? RolesClaim { get; set; }

    public string? ScopeClaim { get; set; }

    /// <returns>Null for what is no definition; the text may hold anything, so nothing of it is told.</returns>
    public static IssuerDefinition? TryParse(string json) => TryParse<IssuerDefinition>(json);

    public static IssuerDefinition[]? TryParseList(string json) => TryParse<IssuerDefinition[]>(json);

    public string ToJson() => JsonSerializer.Serialize(this, Strict.GetTypeInfo(typeof(IssuerDefinition)));

    private static T? TryParse<T>(string json)
        where T : class
    {
        try
        {
            return (T?)JsonSerializer.Deserialize(json, Strict.GetTypeInfo(typeof(T)));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(IssuerDefinition[]))]
internal sealed partial class IssuerJson : JsonSerializerContext;
