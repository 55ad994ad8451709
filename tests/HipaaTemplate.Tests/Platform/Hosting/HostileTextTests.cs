using System.Text;
using System.Text.Json;
using static HipaaTemplate.Tests.Harness.HostileBodies;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>Hostile strings in every text member, path and query of every endpoint of the running host.</summary>
[TestFixture("admin")]
[TestFixture("anonymous")]
internal sealed class HostileTextTests(string caller) : HostileTests(caller)
{
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
                await Run.SendAsync(operation, $"{name} in {member}", BodyWith(operation, member, Utf8(text)));
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
                await Run.SendAsync(operation, $"{name} in {member}", BodyWith(operation, member, value));
            }

            byte[] longText = Utf8(Canary + new string('x', 10_000));
            await Run.SendAsync(operation, $"10 kB in {member}", BodyWith(operation, member, longText), mayBeValid: true);
        });

        await Run.ShouldBeHarmlessAsync(atLeast: 18);
    }

    [Test]
    public async Task Naughty_strings_are_stored_or_refused()
    {
        // Nobody reads a stranger's body: a few strings will do.
        var strings = NaughtyStrings().Where((_, i) => Run.IsSignedIn || i % 20 == 0).ToList();
        // One member at a time, so that the others do not have the whole refused; by turns, for time's sake.
        var alone = Texts().SelectMany((_, turn) => strings.Where((_, i) => i % 4 == turn % 4), Pair);
        await HostileRun.ForEachAsync(alone, one =>
        {
            var (operation, member) = one.Operation;
            var body = operation.ValidBody();
            body[member] = one.Case + Canary;
            return Run.SendAsync(operation, $"'{one.Case}' in {member}", Bytes(body), mayBeValid: true);
        });
        // And without the canary, which some lose their point by: a blank, a number.
        await HostileRun.ForEachAsync(HostileRun.WithBody.SelectMany(_ => strings, Pair), one =>
        {
            var body = one.Operation.ValidBody();
            foreach (var member in one.Operation.Body!.Properties.Where(SampleBodies.IsText))
            {
                body[member.Name] = one.Case;
            }

            return Run.SendAsync(one.Operation, $"'{one.Case}' everywhere", Bytes(body), mayBeValid: true);
        });

        await Run.ShouldBeHarmlessAsync(atLeast: strings.Count);
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
            var status = await Run.SendAsync(one.Operation, one.Case, Sample(one.Operation), path: path);
            if (status is >= 200 and < 300)
            {
                Run.Complain($"{one.Operation} found something by '{one.Case}'");
            }
        });

        await Run.ShouldBeHarmlessAsync();
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
                    await Run.SendAsync(
                        operation, $"?{name}={text}", Sample(operation), mayBeValid: true, query: $"&{name}={value}");
                }

                // Few of them at a time: of a request line that is too long the server says so without a word of ours.
                foreach (var names in operation.Query.Chunk(2))
                {
                    await Run.SendAsync(operation, $"{string.Join(" and ", names)} {text} twice", Sample(operation), mayBeValid: true,
                        query: string.Concat(names.Select(n => $"&{n}={Uri.EscapeDataString(text)}&{n}={value}")));
                }
            }
        });

        await Run.ShouldBeHarmlessAsync(atLeast: 50);
    }

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
}
