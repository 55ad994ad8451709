using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>A header, a payload or a document of an issuer is read in one way or not at all.</summary>
internal sealed class StrictJsonTests
{
    private const int Depth = 16;

    /// <summary>Files that JSON's grammar allows; the meaning of two members of one name is nobody's to guess.</summary>
    private static readonly string[] Doubled = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

    [TestCase("{}")]
    [TestCase(" {\"a\" : 1 ,\r\n\t\"b\" : [true, null, -0.1e+9, \"\\u00e4\"] } ")]
    [TestCase("{\"a\":{\"a\":{\"a\":1}},\"A\":2,\"\":3}")]
    [TestCase("{\"\\ud83d\\ude00\":\"\\ud83d\\ude00\",\"ü\":\"😀\"}")]
    public void An_object_is_read(string json) => Assert.That(IsRead(json), Is.True);

    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("1")]
    [TestCase("\"{}\"")]
    [TestCase("")]
    [TestCase(" ")]
    public void What_is_no_object_is_refused(string json) => Assert.That(IsRead(json), Is.False);

    [TestCase("{\"a\":1,\"a\":1}")]
    [TestCase("{\"a\":1,\"b\":2,\"a\":3}")]
    [TestCase("{\"a\":1,\"\\u0061\":2}")]
    [TestCase("{\"\\u0061\":1,\"a\":2}")]
    [TestCase("{\"\\u0061\":1,\"\\u0061\":2}")]
    [TestCase("{\"\\u00E4\":1,\"\\u00e4\":2}")]
    [TestCase("{\"\\/\":1,\"/\":2}")]
    [TestCase("{\"\":1,\"\":2}")]
    [TestCase("{\"ä\":1,\"\\u00e4\":2}")]
    [TestCase("{\"\\ud83d\\ude00\":1,\"😀\":2}")]
    [TestCase("{\"x\":{\"a\":1,\"a\":2}}")]
    [TestCase("{\"x\":[{\"a\":1},{\"b\":1,\"\\u0062\":2}]}")]
    public void A_member_twice_is_refused_however_it_is_spelled(string json) => Assert.That(IsRead(json), Is.False);

    [TestCase(20)]
    [TestCase(2_000)]
    public void A_member_twice_among_many_is_refused(int members)
    {
        var list = Enumerable.Range(0, members).Select(i => $"\"m{i}\":{i}").ToList();

        Assert.That(IsRead($"{{{string.Join(',', list)}}}"), Is.True);
        Assert.That(IsRead($"{{{string.Join(',', list)},\"m{members / 2}\":0}}"), Is.False);
        Assert.That(IsRead($"{{{string.Join(',', list)},\"\\u006d{members / 2}\":0}}"), Is.False);
    }

    [TestCase("{}{}")]
    [TestCase("{}x")]
    [TestCase("{}\0")]
    [TestCase("{},")]
    [TestCase("{}]")]
    [TestCase("{}/**/")]
    [TestCase("{}//")]
    [TestCase("/**/{}")]
    [TestCase("{/*a*/}")]
    [TestCase("{\"a\":1//\n}")]
    [TestCase("{\"a\":1,}")]
    [TestCase("{\"a\":[1,]}")]
    [TestCase("{\"a\":NaN}")]
    [TestCase("{\"a\":Infinity}")]
    [TestCase("{\"a\":-Infinity}")]
    [TestCase("{\"a\":01}")]
    [TestCase("{\"a\":+1}")]
    [TestCase("{\"a\":0x1}")]
    [TestCase("{\"a\":1.}")]
    [TestCase("{'a':1}")]
    [TestCase("{a:1}")]
    [TestCase("{\"a\":True}")]
    [TestCase("{\"a\":\"\n\"}")]
    [TestCase("{\"a\":\"\\x41\"}")]
    [TestCase("{\"a\":1")]
    [TestCase("\ufeff{}")]
    [TestCase("{}\ufeff")]
    [TestCase("\u00a0{}")]
    public void What_only_some_readers_take_is_refused(string json) => Assert.That(IsRead(json), Is.False);

    [TestCase("C3 28", "a broken sequence")]
    [TestCase("C0 80", "NUL in two bytes")]
    [TestCase("E0 80 AF", "too long a form")]
    [TestCase("ED A0 80", "half a surrogate pair")]
    [TestCase("F4 90 80 80", "beyond Unicode")]
    [TestCase("F0 9F 98", "cut short")]
    [TestCase("FF", "no UTF-8 at all")]
    public void Invalid_UTF_8_is_refused(string hex, string what)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        Assert.That(IsRead([.. "{\""u8, .. bytes, .. "\":1}"u8]), Is.False, $"{what} in a name");
        Assert.That(IsRead([.. "{\"a\":\""u8, .. bytes, .. "\"}"u8]), Is.False, $"{what} in a value");
        Assert.That(IsRead([.. "{}"u8, .. bytes]), Is.False, $"{what} after the end");
    }

    [Test]
    public void Other_encodings_are_refused()
    {
        Assert.That(IsRead(Encoding.Unicode.GetBytes("{}")), Is.False);
        Assert.That(IsRead(Encoding.BigEndianUnicode.GetBytes("{}")), Is.False);
        Assert.That(IsRead(Encoding.UTF32.GetBytes("{}")), Is.False);
    }

    [TestCase("{\"\\ud83d\":1}")]
    [TestCase("{\"\\ude00\":1}")]
    [TestCase("{\"\\ude00\\ud83d\":1}")]
    [TestCase("{\"a\\ud83d\":1,\"b\":2}")]
    [TestCase("{\"a\":1,\"\\ud83d\":1,\"b\":2}")]
    [TestCase("{\"a\":{\"\\ud83d\":1}}")]
    [TestCase("{\"a\":[[{\"\\ud83d\":1}]]}")]
    public void A_name_that_is_no_Unicode_text_is_refused(string json) => Assert.That(IsRead(json), Is.False);

    [TestCase("\\ud83d")]
    [TestCase("\\ude00")]
    [TestCase("x\\ude00\\ud83dx")]
    public void A_value_that_is_no_Unicode_text_is_no_string(string value)
    {
        var json = Read($"{{\"a\":\"{value}\",\"b\":[\"{value}\",\"good\",1,[\"inside\"]],\"c\":\"good\"}}");

        Assert.That(json.TryGetString("a", out var text), Is.False);
        Assert.That(text, Is.Empty);
        Assert.That(json.GetProperty("a").TryGetString(out _), Is.False);
        Assert.That(json.GetProperty("a").Strings(), Is.Empty);
        Assert.That(json.GetProperty("b").Strings(), Is.EqualTo(new[] { "good" }));
        Assert.That(json.TryGetString("c", out text), Is.True);
        Assert.That(text, Is.EqualTo("good"));
    }

    [TestCase("null")]
    [TestCase("1")]
    [TestCase("true")]
    [TestCase("{}")]
    [TestCase("[\"a\"]")]
    public void What_is_no_string_is_none(string value)
    {
        var json = Read($"{{\"a\":{value}}}");

        Assert.That(json.TryGetString("a", out _), Is.False);
        Assert.That(json.TryGetString("missing", out _), Is.False);
        Assert.That(json.TryGetString("A", out _), Is.False);
    }

    [Test]
    public void Nesting_has_a_limit()
    {
        static string Nested(int depth) =>
            string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1);
        static string Lists(int depth) => $"{{\"a\":{new string('[', depth - 1)}{new string(']', depth - 1)}}}";

        foreach (var depth in new[] { 4, Depth })
        {
            Assert.That(IsRead(Nested(depth), depth), Is.True);
            Assert.That(IsRead(Nested(depth + 1), depth), Is.False);
            Assert.That(IsRead(Lists(depth), depth), Is.True);
            Assert.That(IsRead(Lists(depth + 1), depth), Is.False);
        }

        Assert.That(IsRead("{\"a\":" + new string('[', 100_000)), Is.False);
    }

    [Test]
    public void What_JSONTestSuite_calls_no_JSON_is_refused_alone_and_as_a_value()
    {
        var files = Files('n', 188);

        Assert.That(files, Has.Count.EqualTo(188));
        Assert.That(files.Where(file => IsRead(file.Bytes)).Select(file => file.Name), Is.Empty);
        Assert.That(files.Where(file => IsRead(AsValue(file.Bytes))).Select(file => file.Name), Is.Empty);
    }

    [Test]
    public void What_JSONTestSuite_calls_JSON_is_read_but_for_doubled_members()
    {
        var files = Files('y', 95);

        Assert.That(files, Has.Count.EqualTo(95));
        Assert.That(files.Where(file => !IsRead(AsValue(file.Bytes))).Select(file => file.Name), Is.EquivalentTo(Doubled));
        Assert.That(files.Count(file => IsRead(file.Bytes)), Is.EqualTo(files.Count(IsObject) - Doubled.Length));

        static bool IsObject((string Name, byte[] Bytes) file) => Encoding.UTF8.GetString(file.Bytes).TrimStart()[0] == '{';
    }

    [Test]
    public void What_JSONTestSuite_leaves_open_does_no_harm()
    {
        // Numbers of any size are text until somebody asks for one; halves of surrogate pairs are no strings.
        var files = Files('i', 35);
        var read = files.Where(file => IsRead(AsValue(file.Bytes))).Select(file => file.Name).ToList();

        TestContext.Progress.WriteLine($"JSONTestSuite, left open: {read.Count} of {files.Count} read as values.");
        Assert.That(files, Has.Count.EqualTo(35));
        Assert.That(files.Where(file => IsRead(file.Bytes)).Select(file => file.Name), Is.Empty);
        Assert.That(
            read.Where(name => !name.StartsWith("i_number_", StringComparison.Ordinal)
                && !name.Contains("surrogate", StringComparison.Ordinal)),
            Is.Empty);
    }

    private static List<(string Name, byte[] Bytes)> Files(char kind, int cases) =>
    [
        .. Directory.GetFiles(VectorFolder.Of("json", cases), "*.json", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetFileName(file), Bytes: File.ReadAllBytes(file)))
            .Where(file => file.Name[0] == kind),
    ];

    private static byte[] AsValue(byte[] json) => [.. "{\"a\":"u8, .. json, .. "}"u8];

    private static JsonElement Read(string json) =>
        StrictJson.TryParseObject(Encoding.UTF8.GetBytes(json), Depth, out var value)
            ? value
            : throw new ArgumentException("It is refused.", nameof(json));

    private static bool IsRead(string json, int depth = Depth) => IsRead(Encoding.UTF8.GetBytes(json), depth);

    private static bool IsRead(byte[] json, int depth = Depth) => StrictJson.TryParseObject(json, depth, out _);
}
