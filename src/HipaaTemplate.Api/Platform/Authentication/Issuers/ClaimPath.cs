using System.Text.Json;

namespace HipaaTemplate.Platform.Authentication.Issuers;

/// <summary>
/// Where in a token's payload a claim is: a JSON pointer (RFC 6901: <c>/app_metadata/tenant_id</c>), a path
/// with dots (<c>app_metadata.tenant_id</c>), or a name.
/// </summary>
internal sealed class ClaimPath
{
    /// <summary>Supabase and Auth0 let users write it themselves.</summary>
    private const string UserEditable = "user_metadata";

    private readonly string text;
    private readonly string[] segments;

    public ClaimPath(string text)
    {
        this.text = text;
        IsPointer = text.StartsWith('/');
        segments = IsPointer
            ? [.. text[1..].Split('/').Select(segment => segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]
            : text.Split('.');
    }

    /// <summary>Whether users could write the claim themselves, and so choose their tenant or role.</summary>
    public bool IsUserEditable => segments.Contains(UserEditable, StringComparer.Ordinal);

    private bool IsPointer { get; }

    /// <returns>The values found: none, one, or the members of an array.</returns>
    public IReadOnlyList<JsonElement> Read(JsonElement payload) => Find(payload) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } array => [.. array.EnumerateArray()],
        { } value => [value],
    };

    public JsonElement? Find(JsonElement payload)
    {
        // Names with dots exist (https://example.org/tenant), so the whole name goes first.
        if (!IsPointer && payload.TryGetProperty(text, out var named))
        {
            return named;
        }

        var value = payload;
        foreach (var segment in segments)
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(segment, out value))
            {
                return null;
            }
        }

        return value;
    }
}
