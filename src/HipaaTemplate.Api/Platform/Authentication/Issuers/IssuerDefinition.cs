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

    public required string Issuer { get; init; }

    public IdentityProvider Provider { get; init; }

    public string? JwksUri { get; init; }

    // The generated reader sets what can only be initialised in any case: what is left out, to null.
    public string[] ClientIds { get; init => field = value ?? []; } = [];

    public string[] Audiences { get; init => field = value ?? []; } = [];

    public string[] TokenTypes { get; init => field = value ?? []; } = [];

    public string[] Algorithms { get; init => field = value ?? []; } = [];

    public string? RequiredScope { get; init; }

    public DpopMode Dpop { get; init; }

    /// <summary>Dedicated: every token of this issuer is this tenant's.</summary>
    [JsonPropertyName("tenant")]
    public string? DedicatedTo { get; init; }

    /// <summary>Shared: the tenants that a token's claim may name; empty for any that is registered.</summary>
    public string[] Tenants { get; init => field = value ?? []; } = [];

    public string? TenantClaim { get; init; }

    public string? RolesClaim { get; init; }

    public string? ScopeClaim { get; init; }

    public string? PatientClaim { get; init; }

    /// <returns>Null for what is no definition; the text may hold anything, so nothing of it is told.</returns>
    public static IssuerDefinition? TryParse(string json) => TryParse<IssuerDefinition>(json);

    /// <returns>Likewise; null is no definition.</returns>
    public static IssuerDefinition[]? TryParseList(string json) =>
        TryParse<IssuerDefinition[]>(json) is { } list && Array.TrueForAll(list, one => one is not null) ? list : null;

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
