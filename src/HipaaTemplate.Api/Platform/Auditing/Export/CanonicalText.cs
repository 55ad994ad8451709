using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>
/// Texts in the one spelling of docs/explanation/audit-format.md: only what JSON demands is escaped, where the
/// framework's encoders escape what is merely unusual as well.
/// </summary>
internal sealed class CanonicalText : JsonConverter<string>
{
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteRawValue(Escape(value), skipInputValidation: true);

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\b' => escaped.Append("\\b"),
                '\t' => escaped.Append("\\t"),
                '\n' => escaped.Append("\\n"),
                '\f' => escaped.Append("\\f"),
                '\r' => escaped.Append("\\r"),
                < ' ' => escaped.Append($"\\u{(int)character:x4}"),
                _ => escaped.Append(character),
            };
        }

        return escaped.Append('"').ToString();
    }
}
