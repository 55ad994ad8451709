using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Authentication.Tokens;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>Signatures that others made, and what our functions, put together as the validator does, say to them.</summary>
internal static class JoseVectors
{
    /// <summary>Of RFC 7518 §6.2.2 and §6.3.2. A secret has no other half, so <c>k</c> stays.</summary>
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth"];

    public static JsonNode Read(string set, string file, int cases) =>
        JsonNode.Parse(File.ReadAllBytes(Path.Combine(VectorFolder.Of(set, cases), file)))!;

    /// <summary>
    /// A key, keys or a set of keys as an issuer would publish them. The files often have no public half, and
    /// a key that brings private members is refused on purpose, so these are taken away first.
    /// </summary>
    public static KeySet? PublicKeys(JsonNode keys)
    {
        JsonNode[] list = keys switch
        {
            JsonArray array => [.. array.Select(key => key!)],
            _ when keys["keys"] is JsonArray array => [.. array.Select(key => key!)],
            _ => [keys],
        };
        return KeySet.TryRead(Json(new JsonObject { ["keys"] = new JsonArray([.. list.Select(PublicHalf)]) }));
    }

    public static JsonObject PublicHalf(JsonNode key)
    {
        var copy = key.DeepClone().AsObject();
        foreach (var name in PrivateMembers)
        {
            copy.Remove(name);
        }

        return copy;
    }

    /// <summary>As a document of an issuer is read.</summary>
    public static JsonElement Json(JsonNode node) =>
        StrictJson.TryParseObject(Encoding.UTF8.GetBytes(node.ToJsonString()), 16, out var json)
            ? json
            : throw new ArgumentException("The file itself is in disorder.", nameof(node));

    /// <returns>Null when the signature is believed.</returns>
    public static TokenRefusal? Judge(string text, KeySet? keys)
    {
        if (CompactToken.TryRead(text, mayBringKey: false, out var token) is { } unreadable)
        {
            return unreadable;
        }

        if (keys?.Find(token!.Algorithm, token.KeyId) is not { } key)
        {
            return TokenRefusal.KeyUnknown;
        }

        return token!.IsSignedBy(key) ? null : TokenRefusal.SignatureWrong;
    }
}
