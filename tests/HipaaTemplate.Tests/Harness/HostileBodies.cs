using System.Text;
using System.Text.Json.Nodes;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Valid bodies of operations with one thing replaced, as bytes.</summary>
internal static class HostileBodies
{
    public static IEnumerable<(Operation Operation, string Member)> Texts() => HostileRun.WithBody.SelectMany(
        operation => operation.Body!.Properties.Where(SampleBodies.IsText).Select(member => (operation, member.Name)));

    public static (TOperation Operation, TCase Case) Pair<TOperation, TCase>(TOperation operation, TCase one) =>
        (operation, one);

    public static byte[]? Sample(Operation operation) =>
        operation.Body is null ? null : Bytes(operation.ValidBody());

    /// <summary>The valid body with the raw bytes between the quotes of one member.</summary>
    public static byte[] BodyWith(Operation operation, string member, byte[] text) =>
        BodyWithRaw(operation, member, [(byte)'"', .. text, (byte)'"']);

    public static byte[] BodyWithRaw(Operation operation, string member, string value) =>
        BodyWithRaw(operation, member, Utf8(value));

    public static byte[] BodyWithRaw(Operation operation, string member, byte[] value)
    {
        const string place = "\"(place)\"";
        var body = operation.ValidBody();
        body[member] = "(place)";
        var parts = body.ToJsonString().Split(place);
        return [.. Utf8(parts[0]), .. value, .. Utf8(parts[1])];
    }

    public static byte[] Twice(JsonObject body, string member)
    {
        // Members that exclude each other are not all in a sample.
        body.TryAdd(member, null);
        return Utf8($"{body.ToJsonString()[..^1]},\"{member}\":{body[member]?.ToJsonString() ?? "null"}}}");
    }

    public static byte[] Nested(string open, string close, int depth) => Utf8(
        string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth)));

    public static byte[] Bytes(JsonNode body) => Utf8(body.ToJsonString());

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
