using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace HipaaTemplate.Platform.Authentication;

/// <summary>
/// Reads one claim of a validated token by name or path. It reads the payload itself: the library
/// keeps only the last of two members with the same name, and which of two tenants a token means
/// must not depend on that.
/// </summary>
internal sealed class ClaimPath(string nameOrPath)
{
    private readonly string[] segments = nameOrPath.Split('.');

    /// <returns>
    /// Every value found: none, one, or several where a member is doubled or holds an array.
    /// </returns>
    public IReadOnlyList<JsonElement> Read(JsonElement payload)
    {
        // Names with dots exist (https://example.org/tenant), so the whole name goes first.
        var values = Members([payload], nameOrPath);
        if (values.Count == 0 && segments.Length > 1)
        {
            values = [payload];
            foreach (var segment in segments)
            {
                values = Members(values, segment);
            }
        }

        return [.. values.SelectMany(Flatten)];
    }

    /// <summary>The token's payload, duplicates kept. Dispose it after reading.</summary>
    public static JsonDocument ParsePayload(JsonWebToken token) =>
        JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedPayload));

    private static List<JsonElement> Members(IEnumerable<JsonElement> parents, string name) =>
    [
        .. from parent in parents
           where parent.ValueKind == JsonValueKind.Object
           from member in parent.EnumerateObject()
           where member.NameEquals(name)
           select member.Value,
    ];

    private static IEnumerable<JsonElement> Flatten(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
}
