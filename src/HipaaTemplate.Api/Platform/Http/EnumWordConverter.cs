using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HipaaTemplate.Platform.Http;

/// <summary>
/// Enums as words in snake_case, exactly. The framework's own converter also takes other
/// capitalisation, and a list of words, which it adds up to a third: "female, male" was "other".
/// </summary>
internal sealed class EnumWordConverterFactory : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeToConvert.IsEnum;

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(EnumWordConverter<>).MakeGenericType(typeToConvert))!;

    public static string WordOf(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    private sealed class EnumWordConverter<T> : JsonConverter<T>
        where T : struct, Enum
    {
        private static readonly FrozenDictionary<string, T> Values =
            Enum.GetNames<T>().ToFrozenDictionary(WordOf, Enum.Parse<T>);

        private static readonly FrozenDictionary<T, string> Words =
            Values.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);

        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && Values.TryGetValue(reader.GetString()!, out var value)
                ? value
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(Words[value]);
    }
}
