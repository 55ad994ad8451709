using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>A line is not of the format; the message names members, never their values.</summary>
internal sealed class LineException(string message) : Exception(message);

/// <summary>
/// Reads one JSON object whose members come in a known order: one that is unknown, missing or there twice is
/// one that is not expected. It has one spelling, so that every byte of a line counts.
/// </summary>
internal ref struct JsonLine
{
    /// <summary>What every reader of JSON can hold (RFC 7493 §2.2).</summary>
    public const long LargestNumber = (1L << 53) - 1;

    private const int ControlLength = 5;

    private readonly Span<byte> scratch;
    private readonly int length;
    private Utf8JsonReader reader;
    private int spelt;
    private string member = "type";

    /// <param name="line">All of it.</param>
    /// <param name="scratch">As long as the line: for texts with escapes, until the next is read.</param>
    /// <exception cref="LineException">It does not begin with its type.</exception>
    public JsonLine(ReadOnlySpan<byte> line, Span<byte> scratch)
    {
        this.scratch = scratch;
        length = line.Length;
        reader = new Utf8JsonReader(line);
        if (!Utf8.IsValid(line) || Read() != JsonTokenType.StartObject)
        {
            throw new LineException("it is no object");
        }

        Type = Encoding.UTF8.GetString(Text(member));
    }

    /// <summary>The first member.</summary>
    public string Type { get; }

    /// <summary>Whether the line is to blame.</summary>
    public static bool IsFault(Exception e) =>
        e is LineException or JsonException;

    /// <summary>Of the member that was read last.</summary>
    public readonly void Require(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new LineException($"{member} {complaint}");
        }
    }

    public ReadOnlySpan<byte> Text(string name)
    {
        Next(name);
        return Text();
    }

    /// <returns>Whether it is not null.</returns>
    public bool TryText(string name, out ReadOnlySpan<byte> text)
    {
        Next(name);
        text = reader.TokenType == JsonTokenType.Null ? default : Text();
        return reader.TokenType != JsonTokenType.Null;
    }

    public string String(string name) => Encoding.UTF8.GetString(Text(name));

    public long Number(string name, long largest)
    {
        Next(name);
        return Number(largest);
    }

    public long? NumberOrNull(string name)
    {
        Next(name);
        return reader.TokenType == JsonTokenType.Null ? null : Number(LargestNumber);
    }

    /// <summary>After it <see cref="NextElement"/> until false.</summary>
    public void List(string name)
    {
        Next(name);
        BeginList();
    }

    public readonly void BeginList() => Require(reader.TokenType == JsonTokenType.StartArray, "is no list");

    public bool NextElement() => Read() != JsonTokenType.EndArray;

    /// <summary>Of the element.</summary>
    public readonly ReadOnlySpan<byte> Text()
    {
        Require(reader.TokenType == JsonTokenType.String, "is no text");
        if (!reader.ValueIsEscaped)
        {
            return reader.ValueSpan;
        }

        Require(IsCanonical(reader.ValueSpan), "has an escape where there must be none, or another one");
        return scratch[..reader.CopyString(scratch)];
    }

    /// <summary>Of the element: digits alone.</summary>
    public readonly long Number(long largest)
    {
        Require(
            reader.TokenType == JsonTokenType.Number && char.IsAsciiDigit((char)reader.ValueSpan[0])
                && reader.TryGetInt64(out var value) && value <= largest,
            "is no whole number in its bounds");
        return reader.GetInt64();
    }

    /// <summary>Of the element.</summary>
    public readonly void Id(Span<byte> id) => Require(LineText.TryReadId(Text(), id), "is no UUID in its one spelling");

    public List<byte[]> Hashes(string name)
    {
        List<byte[]> hashes = [];
        for (List(name); NextElement();)
        {
            var hash = new byte[MerkleHash.Length];
            Require(LineText.TryReadBase64(Text(), hash), "holds what is no hash in base64");
            hashes.Add(hash);
        }

        return hashes;
    }

    public void End()
    {
        Require(Read() == JsonTokenType.EndObject, "is followed by something");
        Read();
        Require(spelt == length, "is the last of a line with white space in it");
    }

    private void Next(string name)
    {
        member = name;
        Require(
            Read() == JsonTokenType.PropertyName && !reader.ValueIsEscaped && reader.ValueTextEquals(name), "is not where it belongs");
        Read();
    }

    private JsonTokenType Read()
    {
        var isFirst = reader.TokenType is JsonTokenType.None or JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName;
        if (!reader.Read())
        {
            return JsonTokenType.None;
        }

        // What it would take without white space: the token with its quotes, the colon behind a name, and the comma before it.
        spelt += reader.ValueSpan.Length + (reader.TokenType switch
        {
            JsonTokenType.PropertyName => 3,
            JsonTokenType.String => 2,
            _ => 0,
        });
        spelt += isFirst || reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray ? 0 : 1;
        return reader.TokenType;
    }

    /// <summary>Of a text that has escapes: each is one that must be, in its short form if it has one.</summary>
    private static bool IsCanonical(ReadOnlySpan<byte> escaped)
    {
        for (int at; (at = escaped.IndexOf((byte)'\\')) >= 0;)
        {
            escaped = escaped[(at + 1)..];
            var isShort = "\"\\bfnrt"u8.Contains(escaped[0]);
            if (!isShort && !IsControl(escaped))
            {
                return false;
            }

            escaped = escaped[(isShort ? 1 : ControlLength)..];
        }

        return true;
    }

    /// <summary>As <c>u001f</c>.</summary>
    private static bool IsControl(ReadOnlySpan<byte> escape) =>
        escape.Length >= ControlLength && escape.StartsWith("u00"u8) && (escape[3] is (byte)'0' or (byte)'1')
        && "0123456789abcdef"u8.Contains(escape[4]) && !(escape[3] == '0' && "89acd"u8.Contains(escape[4]));
}
