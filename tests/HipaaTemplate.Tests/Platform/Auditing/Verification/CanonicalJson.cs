using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>The one spelling of docs/explanation/audit-format.md, made in another way than the product makes it.</summary>
internal static partial class CanonicalJson
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(JsonNode node) => EscapePattern().Replace(node.ToJsonString(Relaxed), match =>
        match.Value.Length == 2 ? match.Value
        : Convert.ToInt32(match.Value[2..], 16) is var character && character < ' ' ? match.Value.ToLowerInvariant()
        : $"{(char)character}");

    [GeneratedRegex(@"\\(u[0-9A-F]{4}|[^u])", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex EscapePattern();
}
