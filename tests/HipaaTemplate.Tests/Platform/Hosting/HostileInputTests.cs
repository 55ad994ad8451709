using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Validation;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>
/// Hostile bodies, paths and queries to every endpoint of the running host, as somebody who may do
/// everything and as nobody. The requests' HTTP is in order; <see cref="HostileTransportTests"/> has the rest.
/// </summary>
[TestFixture("admin")]
[TestFixture("anonymous")]
internal sealed class HostileInputTests(string caller)
{
    private const string Canary = HostileRun.Canary;
    private HostileRun run = null!;

    [SetUp]
    public async Task SignInAsync() => run = await HostileRun.AsAsync(caller);

    [TearDown]
    public void Leave() => run.Dispose();

    [Test]
    public async Task The_sample_bodies_are_ones_that_their_endpoints_take()
    {
        foreach (var operation in HostileRun.WithBody)
        {
            var status = await run.SendAsync(operation, "a valid body", Bytes(operation.ValidBody()), mayBeValid: true);
            if (run.IsSignedIn && status is 400 or 413 or 415)
            {
                run.Complain($"{operation} refuses its sample body, so that the other cases prove nothing");
            }
        }

        await run.ShouldBeHarmlessAsync(atLeast: 1);
    }

    [Test]
    public async Task What_is_no_JSON_is_refused()
    {
        var vectors = Repository.Vectors("json");
        if (vectors is null)
        {
            await TestContext.Progress.WriteLineAsync("JSONTestSuite is absent: 223 cases an endpoint are skipped.");
            Assert.Warn("JSONTestSuite is absent: 223 cases an endpoint are skipped.");
        }

        (string Name, byte[] Bytes)[] files = vectors is null ? [] :
        [
            .. Directory.GetFiles(vectors, "*.json", SearchOption.AllDirectories)
                .Select(file => (Name: Path.GetFileName(file), Bytes: File.ReadAllBytes(file)))
                .Where(file => file.Name[0] is 'n' or 'i'),
        ];
        (string Name, byte[] Bytes)[] own =
        [
            ("nothing", []), ("a canary", Utf8(Canary)), ("half of it", Utf8($"{{\"{Canary}\":")),
            ("a comment", Utf8($"{{}}/*{Canary}*/")), ("two values", Utf8("{}{}")), ("a raw NUL", Utf8("{}\0")),
            ("NUL alone", [0]), ("UTF-16", Encoding.Unicode.GetBytes("{}")), ("UTF-32", Encoding.UTF32.GetBytes("{}")),
            ("gzip", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), ("XML", Utf8($"<!DOCTYPE x [<!ENTITY e \"{Canary}\">]><x>&e;</x>")),
            ("objects 1,000 deep", Nested("{\"a\":", "}", 1_000)), ("lists 1,000 deep", Nested("[", "]", 1_000)),
            ("lists 100,000 deep, not closed", Nested("[", "", 100_000)),
        ];
        await HostileRun.ForEachAsync(HostileRun.WithBody.SelectMany(_ => own.Concat(files), Pair), async one =>
        {
            await run.SendAsync(one.Operation, one.Case.Name, one.Case.Bytes);
            // Once more where a member's value stands.
            if (one.Operation.Body!.Properties.FirstOrDefault() is { } member)
            {
                byte[] inside = [.. Utf8($"{{\"{member.Name}\":"), .. one.Case.Bytes, .. Utf8("}")];
                await run.SendAsync(one.Operation, $"{one.Case.Name} in {member.Name}", inside);
            }
        });

        await run.ShouldBeHarmlessAsync(atLeast: 2 * own.Length);
    }

    [Test]
    public async Task JSON_of_the_wrong_shape_is_refused()
    {
        await HostileRun.ForEachAsync(HostileRun.WithBody, async operation =>
        {
            foreach (var text in new[] { "null", "[]", $"[\"{Canary}\"]", "true", "1", "1e999", $"\"{Canary}\"" })
            {
                await run.SendAsync(operation, text, Utf8(text));
            }

            await run.SendAsync(operation, "{}", Utf8("{}"), mayBeValid: true);
            await SendWithAsync(operation, "an unknown member", $"\"{Canary}\":\"{Canary}\"");
            await SendWithAsync(operation, "an unknown member named by NUL", $"\"\\u0000{Canary}\":1");
            await SendWithAsync(operation, "an unknown member named by half an emoji", $"\"\\ud83d{Canary}\":1");
            await SendWithAsync(operation, "a member of 10,000 characters", $"\"{new string('x', 10_000)}\":1");
            await SendWithAsync(operation, "JavaScript's prototype", $"\"__proto__\":{{\"{Canary}\":1}}");
            await SendWithAsync(operation, "a type to make", $"\"$type\":\"{Canary}\"");
            await SendWithAsync(operation, "a reference", "\"$ref\":\"1\"");
            foreach (var member in operation.Body!.Properties)
            {
                await WrongMemberAsync(operation, member);
            }
        });

        await run.ShouldBeHarmlessAsync(atLeast: 15);
    }

    [Test]
    public async Task Texts_that_cannot_be_are_refused()
    {
        await HostileRun.ForEachAsync(Texts(), async one =>
        {
            var (operation, member) = one;
            foreach (var (name, text) in new[]
            {
                ("a NUL", $"{Canary}\\u0000"), ("a NUL alone", "\\u0000"),
                ("a high surrogate alone", $"{Canary}\\ud83d"), ("a low surrogate alone", $"\\ude00{Canary}"),
                ("surrogates the wrong way round", $"\\ude00\\ud83d{Canary}"), ("half an escape", $"{Canary}\\u00"),
                ("an escape that is none", $"{Canary}\\x41"),
            })
            {
                await run.SendAsync(operation, $"{name} in {member}", BodyWith(operation, member, Utf8(text)));
            }

            foreach (var (name, bytes) in new (string, byte[])[]
            {
                ("a raw NUL", [0]), ("a raw line break", [10]), ("a lone continuation byte", [0x80]),
                ("an overlong slash", [0xc0, 0xaf]), ("an overlong NUL", [0xc0, 0x80]),
                ("a surrogate in UTF-8", [0xed, 0xa0, 0xbd]), ("half a character", [0xf0, 0x9f]),
                ("beyond Unicode", [0xf4, 0x90, 0x80, 0x80]), ("Latin-1", [0xe9]), ("0xff", [0xff]),
            })
            {
                byte[] value = [.. Utf8(Canary), .. bytes];
                await run.SendAsync(operation, $"{name} in {member}", BodyWith(operation, member, value));
            }

            byte[] longText = Utf8(Canary + new string('x', 10_000));
            await run.SendAsync(operation, $"10 kB in {member}", BodyWith(operation, member, longText), mayBeValid: true);
        });

        await run.ShouldBeHarmlessAsync(atLeast: 18);
    }

    [Test]
    public async Task Naughty_strings_are_stored_or_refused()
    {
        // Nobody reads a stranger's body: a few strings will do.
        var strings = NaughtyStrings().Where((_, i) => run.IsSignedIn || i % 20 == 0).ToList();
        // One member at a time, so that the others do not have the whole refused; by turns, for time's sake.
        var alone = Texts().SelectMany((_, turn) => strings.Where((_, i) => i % 4 == turn % 4), Pair);
        await HostileRun.ForEachAsync(alone, one =>
        {
            var (operation, member) = one.Operation;
            var body = operation.ValidBody();
            body[member] = one.Case + Canary;
            return run.SendAsync(operation, $"'{one.Case}' in {member}", Bytes(body), mayBeValid: true);
        });
        // And without the canary, which some lose their point by: a blank, a number.
        await HostileRun.ForEachAsync(HostileRun.WithBody.SelectMany(_ => strings, Pair), one =>
        {
            var body = one.Operation.ValidBody();
            foreach (var member in one.Operation.Body!.Properties.Where(SampleBodies.IsText))
            {
                body[member.Name] = one.Case;
            }

            return run.SendAsync(one.Operation, $"'{one.Case}' everywhere", Bytes(body), mayBeValid: true);
        });

        await run.ShouldBeHarmlessAsync(atLeast: strings.Count);
    }

    [Test]
    public async Task Naughty_strings_in_the_path_name_nothing()
    {
        // Kestrel takes no NUL in a path; HostileTransportTests has it.
        var strings = NaughtyStrings().Where(text => !text.Contains('\0', StringComparison.Ordinal)).ToList();
        var operations = HostileRun.Operations.Where(operation => operation.HasRouteParameters);
        await HostileRun.ForEachAsync(operations.SelectMany(_ => strings, Pair), async one =>
        {
            var path = one.Operation.PathWith(_ => Uri.EscapeDataString(one.Case + Canary));
            var status = await run.SendAsync(one.Operation, one.Case, Sample(one.Operation), path: path);
            if (status is >= 200 and < 300)
            {
                run.Complain($"{one.Operation} found something by '{one.Case}'");
            }
        });

        await run.ShouldBeHarmlessAsync();
    }

    [Test]
    public async Task Naughty_strings_in_the_query_are_refused_or_mean_nothing()
    {
        await HostileRun.ForEachAsync(HostileRun.Operations, async operation =>
        {
            // What no parameter takes is ignored: a few strings will do.
            var strings = operation.Query.Count > 0 ? NaughtyStrings() : NaughtyStrings().Where((_, i) => i % 50 == 0);
            foreach (var text in strings.Append(new string('9', 4_000)).Append("\0").Append("-1"))
            {
                var value = Uri.EscapeDataString(text + Canary);
                foreach (var name in operation.Query.Append(value))
                {
                    await run.SendAsync(
                        operation, $"?{name}={text}", Sample(operation), mayBeValid: true, query: $"&{name}={value}");
                }

                await run.SendAsync(operation, $"every query parameter {text} twice", Sample(operation), mayBeValid: true,
                    query: string.Concat(operation.Query.Select(n => $"&{n}={Uri.EscapeDataString(text)}&{n}={value}")));
            }
        });

        await run.ShouldBeHarmlessAsync(atLeast: 50);
    }

    [Test]
    public async Task Bodies_that_are_not_said_to_be_JSON_in_UTF_8_are_refused()
    {
        string?[] types =
        [
            null, "", " ", Canary, "text/plain", "text/json;x", "application/xml", "application/x-www-form-urlencoded",
            $"multipart/form-data; boundary={Canary}", "multipart/form-data", "application/octet-stream", "*/*",
            "application/*", "application/json, text/plain", "application/jsonp", "application/json/x",
            "application/json; charset=utf-7", "application/json; charset=utf-16", "application/json; charset=utf-32be",
            "application/json; charset=iso-8859-1", $"application/json; charset={Canary}", "application/json; charset=",
            "application/json; charset=\"utf-8\"", $"application/json; charset=\"{Canary}", "application/json; charset=\0",
            $"application/json{new string(';', 500)}charset={Canary}", new string('a', 5_000),
        ];
        await HostileRun.ForEachAsync(HostileRun.WithBody.SelectMany(_ => types, Pair), async one =>
        {
            // Kestrel itself refuses a header with NUL; no framework of ours saw it.
            int[] bare = one.Case?.Contains('\0', StringComparison.Ordinal) == true ? [400] : [];
            var body = Sample(one.Operation)!;
            var type = one.Case is null ? "" : $"Content-Type: {one.Case}\r\n";
            await run.SendRawAsync(
                one.Operation, $"Content-Type {one.Case}", one.Operation.Path, $"{type}Content-Length: {body.Length}\r\n",
                body, mayBeValid: one.Case is "application/json; charset=", mayBeBare: bare);
        });

        await run.ShouldBeHarmlessAsync(atLeast: types.Length);
    }

    [Test]
    public void JSON_is_read_to_a_depth_of_16()
    {
        // No request here has a member that could hold more, so over HTTP something else refuses it first.
        var json = App.Api.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;

        Assert.That(() => JsonSerializer.Deserialize<JsonElement>(Nested("[", "]", 16), json), Throws.Nothing);
        Assert.That(() => JsonSerializer.Deserialize<JsonElement>(Nested("[", "]", 17), json), Throws.InstanceOf<JsonException>());
    }

    [Test]
    public void Every_body_with_rules_is_known_to_the_validator()
    {
        // The generator behind AddValidation() passes over types that are not public; see PatientRequest.
        var options = App.Api.Services.GetRequiredService<IOptions<ValidationOptions>>().Value;
#pragma warning disable ASP0029 // The only way to ask; it may change with the next framework, and then here.
        var unknown = HostileRun.WithBody.Where(operation =>
            operation.Body!.Type.Assembly == typeof(Program).Assembly
            && operation.Body.Properties.Any(SampleBodies.HasRules)
            && !options.TryGetValidatableTypeInfo(operation.Body.Type, out _));
#pragma warning restore ASP0029

        Assert.That(unknown, Is.Empty, "Make the request's record public.");
    }

    private async Task WrongMemberAsync(Operation operation, JsonPropertyInfo member)
    {
        var body = operation.ValidBody();
        await run.SendAsync(operation, $"{member.Name} twice", Twice(body, member.Name));
        var wrong = operation.Body!.Options.GetTypeInfo(member.PropertyType).Kind == JsonTypeInfoKind.None
            ? new[] { "{}", "[]", $"{{\"{Canary}\":1}}", $"[\"{Canary}\"]", Encoding.UTF8.GetString(Nested("[", "]", 1_000)) }
            : ["1", "true", $"\"{Canary}\""];
        foreach (var value in member.IsText() ? wrong.Concat(["1", "true", "1e999"]) : wrong)
        {
            await run.SendAsync(operation, $"{member.Name} = {Short(value)}", BodyWithRaw(operation, member.Name, value));
        }

        foreach (var value in new[] { "null", "-1", "0", "99999999999999999999", new string('9', 5_000), "1e999", "-0.0" })
        {
            await run.SendAsync(
                operation, $"{member.Name} = {Short(value)}", BodyWithRaw(operation, member.Name, value), mayBeValid: true);
        }

        body.Remove(member.Name);
        await run.SendAsync(operation, $"no {member.Name}", Bytes(body), mayBeValid: true);
    }

    private Task<int> SendWithAsync(Operation operation, string what, string member)
    {
        var valid = operation.ValidBody().ToJsonString();
        var separator = valid.Length > 2 ? "," : "";
        return run.SendAsync(operation, what, Utf8($"{valid[..^1]}{separator}{member}}}"));
    }

    private static IEnumerable<(Operation Operation, string Member)> Texts() => HostileRun.WithBody.SelectMany(
        operation => operation.Body!.Properties.Where(SampleBodies.IsText).Select(member => (operation, member.Name)));

    private static List<string> NaughtyStrings()
    {
        string[] own = ["", " ", "\u202e", "\ufeff", "\u0000", "../../etc/passwd", "' OR 1=1 --", "{0}", "${jndi:ldap://x}"];
        if (Repository.Vectors("strings") is { } folder)
        {
            var list = JsonSerializer.Deserialize<string[]>(File.ReadAllText(Path.Combine(folder, "blns.json")))!;
            return [.. own, .. list];
        }

        TestContext.Progress.WriteLine("The Big List of Naughty Strings is absent: 515 strings are skipped.");
        return [.. own];
    }

    private static (TOperation Operation, TCase Case) Pair<TOperation, TCase>(TOperation operation, TCase one) =>
        (operation, one);

    private static byte[]? Sample(Operation operation) =>
        operation.Body is null ? null : Bytes(operation.ValidBody());

    /// <summary>The valid body with the raw bytes between the quotes of one member.</summary>
    private static byte[] BodyWith(Operation operation, string member, byte[] text) =>
        BodyWithRaw(operation, member, [(byte)'"', .. text, (byte)'"']);

    private static byte[] BodyWithRaw(Operation operation, string member, string value) =>
        BodyWithRaw(operation, member, Utf8(value));

    private static byte[] BodyWithRaw(Operation operation, string member, byte[] value)
    {
        const string place = "\"(place)\"";
        var body = operation.ValidBody();
        body[member] = "(place)";
        var parts = body.ToJsonString().Split(place);
        return [.. Utf8(parts[0]), .. value, .. Utf8(parts[1])];
    }

    private static byte[] Twice(JsonObject body, string member) =>
        Utf8($"{body.ToJsonString()[..^1]},\"{member}\":{body[member]?.ToJsonString() ?? "null"}}}");

    private static byte[] Nested(string open, string close, int depth) => Utf8(
        string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth)));

    private static string Short(string text) => text.Length > 40 ? $"{text[..40]}…" : text;

    private static byte[] Bytes(JsonNode body) => Utf8(body.ToJsonString());

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
