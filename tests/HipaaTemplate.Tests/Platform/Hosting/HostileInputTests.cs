using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Validation;
using static HipaaTemplate.Tests.Harness.HostileBodies;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>
/// Hostile bodies to every endpoint of the running host, as somebody who may do
/// everything and as nobody. The requests' HTTP is in order; <see cref="HostileTransportTests"/> has the rest, <see cref="HostileTextTests"/> the strings.
/// </summary>
[TestFixture("admin")]
[TestFixture("anonymous")]
internal sealed class HostileInputTests(string caller) : HostileTests(caller)
{
    [Test]
    public async Task The_sample_bodies_are_ones_that_their_endpoints_take()
    {
        foreach (var operation in HostileRun.WithBody)
        {
            var status = await Run.SendAsync(operation, "a valid body", Bytes(operation.ValidBody()), mayBeValid: true);
            if (Run.IsSignedIn && status is 400 or 413 or 415)
            {
                Run.Complain($"{operation} refuses its sample body, so that the other cases prove nothing");
            }
        }

        await Run.ShouldBeHarmlessAsync(atLeast: 1);
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
            await Run.SendAsync(one.Operation, one.Case.Name, one.Case.Bytes);
            // Once more where a member's value stands.
            if (one.Operation.Body!.Properties.FirstOrDefault() is { } member)
            {
                byte[] inside = [.. Utf8($"{{\"{member.Name}\":"), .. one.Case.Bytes, .. Utf8("}")];
                await Run.SendAsync(one.Operation, $"{one.Case.Name} in {member.Name}", inside);
            }
        });

        await Run.ShouldBeHarmlessAsync(atLeast: 2 * own.Length);
    }

    [Test]
    public async Task JSON_of_the_wrong_shape_is_refused()
    {
        await HostileRun.ForEachAsync(HostileRun.WithBody, async operation =>
        {
            foreach (var text in new[] { "null", "[]", $"[\"{Canary}\"]", "true", "1", "1e999", $"\"{Canary}\"" })
            {
                await Run.SendAsync(operation, text, Utf8(text));
            }

            await Run.SendAsync(operation, "{}", Utf8("{}"), mayBeValid: true);
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

        await Run.ShouldBeHarmlessAsync(atLeast: 15);
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
            await Run.SendRawAsync(
                one.Operation, $"Content-Type {one.Case}", one.Operation.Path, $"{type}Content-Length: {body.Length}\r\n",
                body, mayBeValid: one.Case is "application/json; charset=", mayBeBare: bare);
        });

        await Run.ShouldBeHarmlessAsync(atLeast: types.Length);
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
        await Run.SendAsync(operation, $"{member.Name} twice", Twice(body, member.Name));
        var wrong = operation.Body!.Options.GetTypeInfo(member.PropertyType).Kind == JsonTypeInfoKind.None
            ? new[] { "{}", "[]", $"{{\"{Canary}\":1}}", $"[\"{Canary}\"]", Encoding.UTF8.GetString(Nested("[", "]", 1_000)) }
            : ["1", "true", $"\"{Canary}\""];
        foreach (var value in member.IsText() ? wrong.Concat(["1", "true", "1e999"]) : wrong)
        {
            await Run.SendAsync(operation, $"{member.Name} = {Short(value)}", BodyWithRaw(operation, member.Name, value));
        }

        foreach (var value in new[] { "null", "-1", "0", "99999999999999999999", new string('9', 5_000), "1e999", "-0.0" })
        {
            await Run.SendAsync(
                operation, $"{member.Name} = {Short(value)}", BodyWithRaw(operation, member.Name, value), mayBeValid: true);
        }

        body.Remove(member.Name);
        await Run.SendAsync(operation, $"no {member.Name}", Bytes(body), mayBeValid: true);
    }

    private Task<int> SendWithAsync(Operation operation, string what, string member)
    {
        var valid = operation.ValidBody().ToJsonString();
        var separator = valid.Length > 2 ? "," : "";
        return Run.SendAsync(operation, what, Utf8($"{valid[..^1]}{separator}{member}}}"));
    }

    private static string Short(string text) => text.Length > 40 ? $"{text[..40]}…" : text;
}
