using System.Text;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>What is not of the format is tampered, with its line; and so is what is spelt in another way, though JSON allows it.</summary>
internal sealed class FormatTests
{
    private Scene scene = null!;
    private List<string> good = null!;

    [OneTimeSetUp]
    public void Set()
    {
        scene = new Scene();
        good = scene.Bundle();
    }

    [OneTimeTearDown]
    public void Dispose() => scene.Dispose();

    [TestCase("\"action\":", "\"deed\":", TestName = "an unknown member in place of one")]
    [TestCase("\"action\":", "\"more\":1,\"action\":", TestName = "an unknown member")]
    [TestCase("\"outcome\":\"success\",", "", TestName = "a missing member")]
    [TestCase("\"outcome\":\"success\",", "\"outcome\":\"success\",\"outcome\":\"success\",", TestName = "a duplicate member")]
    [TestCase("\"type\":\"event\",", "\"type\":\"event\",\"type\":\"event\",", TestName = "a duplicate type")]
    [TestCase("}", ",\"more\":1}", TestName = "a member behind the last")]
    [TestCase("\"outcome\":\"success\"", "\"outcome\":null", TestName = "null for a text that must be there")]
    [TestCase("\"outcome\":\"success\"", "\"outcome\":7", TestName = "a number for a text")]
    [TestCase("\"outcome\":\"success\"", "\"outcome\":[\"success\"]", TestName = "a list for a text")]
    [TestCase("\"outcome\":\"success\"", "\"outcome\":{\"a\":\"success\"}", TestName = "an object for a text")]
    [TestCase("\"outcome\":\"success\"", "\"outcome\":\"\\ud800\"", TestName = "half a surrogate pair")]
    [TestCase("\"outcome\":\"success\"", "\"outcome\":\"suc\tcess\"", TestName = "a tab that is not escaped")]
    [TestCase("\"leaf\":1,", "\"leaf\":\"1\",", TestName = "a text for a number")]
    [TestCase("\"leaf\":1,", "\"leaf\":1.0,", TestName = "a fraction")]
    [TestCase("\"leaf\":1,", "\"leaf\":1e0,", TestName = "an exponent")]
    [TestCase("\"leaf\":1,", "\"leaf\":01,", TestName = "a leading zero")]
    [TestCase("\"leaf\":1,", "\"leaf\":-0,", TestName = "a sign")]
    [TestCase("\"leaf\":1,", "\"leaf\":true,", TestName = "a boolean")]
    [TestCase("\"number\":0,", "\"number\":9007199254740992,", TestName = "a number beyond 2^53 - 1")]
    [TestCase("\"number\":0,", "\"number\":99999999999999999999,", TestName = "a number beyond 64 bits")]
    [TestCase("\"key_version\":1", "\"key_version\":2147483648", TestName = "a version beyond 32 bits")]
    [TestCase("\"key_version\":1", "\"key_version\":null", TestName = "no version")]
    [TestCase("\"void\":[]", "\"void\":null", TestName = "null for a list")]
    [TestCase("\"void\":[]", "\"void\":[\"1\"]", TestName = "a text in a list of numbers")]
    [TestCase("\"void\":[]", "\"void\":[-1]", TestName = "a negative number in a list")]
    [TestCase("-11-28T10", "-11-28 10", TestName = "a time without its T")]
    [TestCase("-11-28T10", "-11-31T10", TestName = "a day that November has not")]
    [TestCase("-11-28T10", "-11-00T10", TestName = "a day 0")]
    [TestCase("-11-28T10", "-13-28T10", TestName = "a month 13")]
    [TestCase("-11-28T10", "-11-28T24", TestName = "an hour 24")]
    [TestCase("T10:00:00", "T10:00:60", TestName = "a leap second")]
    [TestCase("\"at\":\"2026", "\"at\":\"0026", TestName = "a year before 1970")]
    [TestCase("1Z\",\"writer\"", "1+00:00\",\"writer\"", TestName = "a time with an offset")]
    [TestCase("1Z\",\"writer\"", "Z\",\"writer\"", TestName = "five digits of a second")]
    [TestCase("1Z\",\"writer\"", "11Z\",\"writer\"", TestName = "seven digits of a second")]
    [TestCase("\"writer\":\"0", "\"writer\":\"O", TestName = "a letter that is no digit")]
    [TestCase("\"writer\":\"0", "\"writer\":\"{0", TestName = "a brace before an id")]
    [TestCase("\"mac\":\"", "\"mac\":\" ", TestName = "a space in base64")]
    [TestCase("=\"", "\"", TestName = "no padding")]
    [TestCase("=\"", "==\"", TestName = "too much padding")]
    [TestCase("{\"type\"", "{'type'", TestName = "no JSON")]
    [TestCase("{\"type\"", "[{\"type\"", TestName = "a list around it")]
    [TestCase("{\"type\"", "\uFEFF{\"type\"", TestName = "a byte order mark")]
    [TestCase("\"type\":\"event\"", "\"type\":\"evant\"", TestName = "a type that is none")]
    [TestCase("\"type\":\"event\"", "\"type\":null", TestName = "no type")]
    [TestCase("\"type\":\"event\"", "\"type\":\"inclusion\"", TestName = "an event that says it is an inclusion")]
    public async Task An_event_that_is_not_of_the_format_is_tampered(string from, string to)
    {
        var line = SyntheticLog.Line(scene.Log.Events[1], 1);
        var at = from == "}" ? line.LastIndexOf(from, StringComparison.Ordinal) : line.IndexOf(from, StringComparison.Ordinal);
        Assert.That(at, Is.Not.Negative);
        var changed = $"{line[..at]}{to}{line[(at + from.Length)..]}";
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, Given(2, changed));
        Assert.That(report.Findings.Texts[0], Does.Contain("line 3 is not of this format"));
    }

    [Test]
    public async Task An_id_has_one_spelling()
    {
        var id = $"{scene.Log.Events[1].Entry.Id}";
        foreach (var other in new[] { id.ToUpperInvariant(), id.Replace("-", "", StringComparison.Ordinal), $"{id} ", id[..^1], id.Replace('-', '0') })
        {
            await Verifiers.ShouldBeAsync(Verdict.Tampered, Given(2, SyntheticLog.Line(scene.Log.Events[1], 1).Replace(id, other, StringComparison.Ordinal)));
        }
    }

    [Test]
    public async Task Base64_has_no_bits_left_over()
    {
        const string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        var mac = Convert.ToBase64String(scene.Log.Events[1].Mac);
        var other = $"{mac[..^2]}{digits[digits.IndexOf(mac[^2], StringComparison.Ordinal) + 1]}=";
        Assert.That(Convert.FromBase64String(other), Is.EqualTo(scene.Log.Events[1].Mac));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, Given(2, SyntheticLog.Line(scene.Log.Events[1], 1).Replace(mac, other, StringComparison.Ordinal)));
    }

    [TestCase("\"C\",0,", "\"c\",0,")]
    [TestCase("\"C\",0,", "\"X\",0,")]
    [TestCase("\"C\",0,", "\"CC\",0,")]
    [TestCase("\"C\",0,", "\"\",0,")]
    [TestCase("\"C\",0,", "\"C\",-1,")]
    [TestCase("\"C\",0,", "\"C\",2147483648,")]
    [TestCase("\"C\",0,", "\"C\",null,")]
    [TestCase("\"C\",0,", "\"C\",")]
    [TestCase("\"C\",0,", "\"C\",0,0,")]
    [TestCase("[[\"C\",0,", "[\"C\",[\"C\",0,")]
    public async Task A_record_has_a_letter_a_table_and_an_id(string from, string to)
    {
        var leaf = scene.Log.Events.FindIndex(written => written.Entry.Records.Count > 0);
        var line = SyntheticLog.Line(scene.Log.Events[leaf], leaf);
        Assert.That(line, Does.Contain(from));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, Given(leaf + 1, line.Replace(from, to, StringComparison.Ordinal)));
    }

    [TestCase("hipaa-audit-bundle/v1", "hipaa-audit-bundle/v2")]
    [TestCase("\"kind\":\"log\"", "\"kind\":\"logs\"")]
    [TestCase("\"month\":\"2026-11\"", "\"month\":\"2026-00\"")]
    [TestCase("\"month\":\"2026-11\"", "\"month\":\"2026-11-\"")]
    [TestCase("T10:03:30Z", "T10:03:30.5Z")]
    [TestCase("T10:03:30Z", "T10:03Z")]
    [TestCase("\"tenant\":\"", "\"tenant\":\"urn:uuid:")]
    [TestCase("\"tenant\":\"", "\"tenant\":null,\"x\":\"")]
    [TestCase("\"type\":\"bundle\"", "\"type\":\"bundles\"")]
    public async Task A_first_line_that_is_none_is_tampered(string from, string to)
    {
        Assert.That(good[0], Does.Contain(from));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, Given(0, good[0].Replace(from, to, StringComparison.Ordinal)), "line 1 is not that of a bundle");
    }

    [TestCase("\"index\":3", "\"index\":\"3\"")]
    [TestCase("\"index\":3", "\"index\":-3")]
    [TestCase("\"proof\":[\"", "\"proof\":[\"A")]
    [TestCase("\"proof\":[\"", "\"proof\":[\"AAAA\",\"")]
    [TestCase("\\n33\\n", "\\n033\\n")]
    [TestCase("\\n33\\n", "\\n33\\n\\n")]
    [TestCase("\\n33\\n", "\\n9007199254740992\\n")]
    [TestCase("\\n5\\n", "\\n-5\\n")]
    [TestCase("/heads\\n", "/head\\n")]
    [TestCase("time 2026", "Time 2026")]
    [TestCase("time 2026", "time  2026")]
    [TestCase("T10:02:59Z\\n", "T10:02:59Z\\nmore\\n")]
    [TestCase("T10:02:59Z\\n\\n", "T10:02:59Z\\n")]
    [TestCase("— ", "- ")]
    [TestCase("— audit", "— au\u2003dit")]
    public async Task A_head_that_is_none_is_tampered(string from, string to)
    {
        Assert.That(good[^1], Does.Contain(from));
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, Given(good.Count - 1, good[^1].Replace(from, to, StringComparison.Ordinal)));
        Assert.That(report.Findings.Texts[0], Does.Contain($"line {good.Count} is not of this format"));
        Assert.That(report.Findings.FirstBadLeaf, Is.Null);
    }

    [Test]
    public async Task Lines_in_another_order_are_tampered()
    {
        IEnumerable<string[]> orders =
        [
            [.. good, good[^1]], [.. good, good[1]], [good[0], good[^1], .. good[1..^1]], [.. good[1..]], [good[0], .. good], [],
            [.. good, ""], [good[0], "", .. good[1..]], [.. good[..^1], "{\"type\":\"inclusion\",\"proof\":[]}", good[^1]],
        ];
        foreach (var lines in orders)
        {
            await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
        }
    }

    [Test]
    public async Task What_is_no_UTF8_is_tampered()
    {
        var bytes = scene.Given(good).Bundle;
        bytes[bytes.AsSpan().IndexOf("record.read"u8)] = 0xff;
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(bytes, scene.Keys, null));
        Assert.That(report.Findings.Texts[0], Does.Contain("line 2 is not of this format"));
    }

    [TestCase(LineReader.MaximumLength, Verdict.Clean)]
    [TestCase(LineReader.MaximumLength + 1, Verdict.Tampered)]
    [TestCase((3 * LineReader.MaximumLength) + 7, Verdict.Tampered)]
    public async Task A_line_has_a_bound(int length, Verdict verdict)
    {
        var log = SyntheticTrail.NewLog();
        log.Add(5);
        var rest = length - Encoding.UTF8.GetByteCount(SyntheticLog.Line(log.Sign(log.Events[2].Entry with { Actor = "" }), 2));
        log.Events[2] = log.Sign(log.Events[2].Entry with { Actor = new string('a', rest) });
        scene.Trail.Seal(log);
        var report = await Verifiers.ShouldBeAsync(verdict, new Evidence(scene.Trail.Bundle(log, "10:04:00"), scene.Trail.Keys(log)));
        if (verdict == Verdict.Tampered)
        {
            Assert.That((report.Findings.FirstBadLeaf, report.Events!.Count), Is.EqualTo((2, 4)), "the line behind it is read");
            Assert.That(report.Findings.Texts[0], Does.Contain("longer than 1 MiB"));
        }
    }

    [TestCase("{\"type\":\"event\",", "{\"type\":\"event\", ", TestName = "a space behind a comma")]
    [TestCase("\"outcome\":", "\"outcome\" :", TestName = "a space before a colon")]
    [TestCase("\"outcome\":", "\"outcome\":\t", TestName = "a tab behind a colon")]
    [TestCase("{\"type\"", " {\"type\"", TestName = "a space before the object")]
    [TestCase("}", "} ", TestName = "a space behind the object")]
    [TestCase("}", "}\r", TestName = "a carriage return")]
    [TestCase("\"void\":[]", "\"void\":[ ]", TestName = "a space in a list")]
    [TestCase("\"outcome\":\"success\"", "\"outcome\":\"succ\\u0065ss\"", TestName = "an escape where none must be")]
    [TestCase("\"outcome\":", "\"outc\\u006fme\":", TestName = "an escape in a name")]
    [TestCase("\"type\":\"event\"", "\"type\":\"\\u0065vent\"", TestName = "an escape in the type")]
    [TestCase("\\\"quoted", "\\u0022quoted", TestName = "a long escape of a quotation mark")]
    [TestCase("\\t", "\\u0009", TestName = "a long escape of a tab")]
    [TestCase("\\u001f", "\\u001F", TestName = "an escape in capitals")]
    [TestCase(" / ", " \\/ ", TestName = "an escape of a slash")]
    [TestCase("\u007f", "\\u007f", TestName = "an escape of a control character that is none in JSON")]
    [TestCase("ë", "\\u00eb", TestName = "an escape of a letter")]
    [TestCase("😀", "\\ud83d\\ude00", TestName = "an escaped surrogate pair")]
    [TestCase("\u2028", "\\u2028", TestName = "an escape of a line separator")]
    [TestCase("\"outcome\":\"success\",\"code\":null,", "\"code\":null,\"outcome\":\"success\",", TestName = "two members in another order")]
    public async Task What_is_spelt_in_another_way_is_tampered(string from, string to)
    {
        var place = good.FindIndex(1, line => line.Contains(from, StringComparison.Ordinal));
        var at = from == "}" ? good[place].LastIndexOf(from, StringComparison.Ordinal) : good[place].IndexOf(from, StringComparison.Ordinal);
        var report = await Verifiers.ShouldBeAsync(
            Verdict.Tampered, Given(place, $"{good[place][..at]}{to}{good[place][(at + from.Length)..]}"));
        Assert.That(report.Findings.FirstBadLeaf, Is.EqualTo(place - 1));
        Assert.That(report.Findings.Texts[0], Does.Contain($"line {place + 1} is not of this format"));
    }

    [Test]
    public async Task A_head_a_first_line_and_a_proof_have_one_spelling_as_well()
    {
        var proof = scene.Trail.Proof(scene.Log, 3);
        foreach (var (lines, place) in new[] { (good, 0), (good, good.Count - 1), (proof, 0), (proof, 2), (proof, 3) })
        {
            var changed = lines.ToList();
            changed[place] = $"{lines[place][..^1]} }}";
            await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(changed, scene.Keys));
        }

        await Verifiers.ShouldBeAsync(Verdict.Tampered, Given(good.Count - 1, good[^1].Replace("\\n", "\\u000a", StringComparison.Ordinal)));
    }

    [Test]
    public async Task A_missing_last_newline_changes_nothing_and_lists_in_lists_are_no_line() // as deep as a line can be
    {
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(scene.Given(good).Bundle[..^1], scene.Keys, null));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, Given(2, $"{new string('[', 500_000)}{new string(']', 500_000)}"));
    }

    [Test]
    public async Task Ten_findings_are_told_and_the_others_counted()
    {
        var lines = good.Select((line, place) => place is > 3 and < 20 ? "{}" : line);
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
        Assert.That((report.Findings.Texts.Count, report.Findings.FirstBadLeaf), Is.EqualTo((10, 3)));
        Assert.That(report.Lines(), Has.Some.EqualTo($"  and {report.Findings.Count - 10} more").And.Some.EqualTo("  the first bad leaf is 3"));
    }

    private Evidence Given(int line, string changed) => new([.. good[..line], changed, .. good[(line + 1)..]], scene.Keys);
}
