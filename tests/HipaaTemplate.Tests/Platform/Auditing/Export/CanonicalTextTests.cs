using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Auditing.Export;

namespace HipaaTemplate.Tests.Platform.Auditing.Export;

/// <summary>What the product writes is what JSON.stringify writes, of all of Unicode.</summary>
internal sealed class CanonicalTextTests
{
    [Test]
    public async Task Every_character_is_spelt_as_JSON_stringify_spells_it()
    {
        // A line of 256 characters each, so that a difference is found.
        var lines = Enumerable.Range(0, 0x110000 / 256).Select(page => string.Concat(
            Enumerable.Range(page * 256, 256).Where(Rune.IsValid).Select(scalar => new Rune(scalar).ToString()))).ToArray();
        var written = lines.Select(text => JsonSerializer.Serialize(new { detail = text }, AuditJson.Options)).ToArray();
        using var node = Process.Start(new ProcessStartInfo("node", ["--eval", """
            const lines = require('fs').readFileSync(0, 'utf8').split('\n');
            lines.forEach((line, page) => { if (JSON.stringify(JSON.parse(line)) !== line) console.log(page, line); });
            console.log(lines.length);
            """])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, StandardInputEncoding = new UTF8Encoding(false),
        })!;
        var output = node.StandardOutput.ReadToEndAsync();
        await node.StandardInput.WriteAsync(string.Join('\n', written));
        node.StandardInput.Close();
        Assert.That(await output, Is.EqualTo($"{lines.Length}\n"));
        Assert.That(written.Select(line => JsonNode.Parse(line)!["detail"]!.GetValue<string>()), Is.EqualTo(lines));
    }

    [Test]
    public void Base64_is_not_escaped() => Assert.That(
        AuditJson.Inclusion([[0xfb, 0xff, 0xfe]]), Is.EqualTo("""{"type":"inclusion","proof":["+//+"]}"""));
}
