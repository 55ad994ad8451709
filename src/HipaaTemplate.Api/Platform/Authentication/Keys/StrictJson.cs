using System.Text.Json;
using System.Text.Unicode;

namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>
/// JSON objects that mean one thing to everybody who reads them: UTF-8, no member twice, nothing after the
/// end, no comments (RFC 8725 §2.7 and §3.7 say why it matters for tokens).
/// </summary>
internal static class StrictJson
{
    /// <param name="utf8">The whole text.</param>
    /// <param name="depth">Of nesting, at most.</param>
    /// <param name="value">An object.</param>
    public static bool TryParseObject(ReadOnlySpan<byte> utf8, int depth, out JsonElement value)
    {
        value = default;
        if (!Utf8.IsValid(utf8))
        {
            return false;
        }

        try
        {
            value = JsonElement.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = depth });
            return value.ValueKind == JsonValueKind.Object;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The latter for names that are no Unicode text once their escapes are read.
            return false;
        }
    }

    /// <returns>False where there is no such member, or it is no string, or one that is no Unicode text.</returns>
    public static bool TryGetString(this JsonElement parent, string name, out string value)
    {
        value = "";
        return parent.TryGetProperty(name, out var member) && member.TryGetString(out value);
    }

    public static bool TryGetString(this JsonElement element, out string value)
    {
        value = "";
        if (element.ValueKind != JsonValueKind.String)
        {
            return false;
        }

        try
        {
            value = element.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <returns>The strings of a string or an array; what is no string is left out.</returns>
    public static IEnumerable<string> Strings(this JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            return element.TryGetString(out var single) ? [single] : [];
        }

        List<string> values = [];
        foreach (var item in element.EnumerateArray())
        {
            if (item.TryGetString(out var value))
            {
                values.Add(value);
            }
        }

        return values;
    }
}
