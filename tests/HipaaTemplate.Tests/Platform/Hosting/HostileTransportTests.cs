using System.Text;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>
/// Requests that are wrong below the body: methods, targets, headers, lengths. Where Kestrel gives one
/// up before any of our code runs, no problem can be written; each such status is named beside its case.
/// </summary>
[TestFixture("admin")]
[TestFixture("anonymous")]
internal sealed class HostileTransportTests(string caller) : HostileTests(caller)
{
    private const int Limit = 1024 * 1024;

    [Test]
    public async Task Methods_that_an_address_does_not_take_are_refused()
    {
        var routes = HostileRun.Operations.GroupBy(operation => operation.Template);
        string[] methods =
            ["PATCH", "TRACE", "PROPFIND", "OPTIONS", Canary.ToUpperInvariant(), "GETGET", new string('M', 1_000), "!#$%&'*+.^_`|~"];
        await HostileRun.ForEachAsync(routes.SelectMany(_ => methods, (route, method) => (Route: route, Method: method)), async one =>
        {
            var operation = one.Route.First();
            var status = await Run.SendRawAsync(
                operation, $"method {one.Method}", operation.Path, "Content-Length: 0\r\n", method: one.Method);
            if (status != 405)
            {
                Run.Complain($"{operation} answers {one.Method} with {status}");
            }
        });

        await Run.ShouldBeHarmlessAsync(atLeast: methods.Length);
    }

    [Test]
    public async Task Request_lines_that_are_none_are_refused()
    {
        // Bare 400: without a request line there is no request.
        var any = HostileRun.Operations[0];
        foreach (var method in new[] { "", " ", "G@T", "G(T", "GET\0", "GET\t", "G\u00c9T", $"{{{Canary}" })
        {
            await Run.SendRawAsync(any, $"method '{method}'", any.Path, method: method, mayBeBare: 400);
        }

        foreach (var target in new[] { "", Canary, "*", "//", "http://", "/%", "/%zz", "/%00", "/\0", "/ x", "/\u00ff", "/%ff%fe", "\\" })
        {
            // Bare 405 for * and for a host without a path, which are for OPTIONS and CONNECT alone.
            await Run.SendRawAsync(any, $"target '{target}'", target, mayBeBare: [400, 405]);
        }

        foreach (var version in new[] { "HTTP/9.9", "HTTP/1.1\0", Canary, "" })
        {
            // Bare 505 for a version that does not exist.
            var answer = await RawConnection.SendAsync(
                App.Api.Address, Encoding.Latin1.GetBytes($"GET /health {version}\r\nHost: x\r\n\r\n"), hangUp: true);
            if (answer.Status is not (0 or 400 or 505) || answer.Body.Length > 0)
            {
                Run.Complain($"version '{version}': {answer}");
            }
        }

        foreach (var noise in new[] { "", "\r\n\r\n\r\n", "\0\0\0\0", "\u0016\u0003\u0001\u0002", $"{Canary}\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" })
        {
            var answer = await RawConnection.SendAsync(App.Api.Address, Encoding.Latin1.GetBytes(noise), hangUp: true);
            if (answer.Status is not (0 or 400 or 505) || answer.Head.Contains(Canary, StringComparison.Ordinal))
            {
                Run.Complain($"noise '{noise}': {answer}");
            }
        }

        await Run.ShouldBeHarmlessAsync(atLeast: 20);
    }

    [Test]
    public async Task Ids_that_are_none_name_nothing()
    {
        string[] ids =
        [
            new('x', 10_000), new('0', 10_000), "%00", "%2500", "%2e%2e", "..", "..%2f..%2fetc%2fpasswd", "%ff%fe", "%ed%a0%80",
            "%c0%af", "%", "%zz", "%u0000", "\u00ff", ";x=y", "{id}", "null", "undefined", "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff", "%7b00000000-0000-0000-0000-000000000000%7d", "1e9", "-1", "*",
        ];
        await HostileRun.ForEachAsync(
            HostileRun.Operations.Where(o => o.HasRouteParameters).SelectMany(_ => ids, (o, id) => (Operation: o, Id: id)),
            async one =>
            {
                var target = one.Operation.PathWith(_ => one.Id + (one.Id.Length > 5_000 ? "" : Canary));
                // Bare 400: Kestrel decodes the path before it hands the request over.
                var status = await Run.SendRawAsync(
                    one.Operation, $"id {one.Id}", target,
                    "Content-Type: application/json\r\nContent-Length: 2\r\nIf-Match: *\r\n", "{}"u8.ToArray(), mayBeBare: 400);
                if (status is >= 200 and < 300)
                {
                    Run.Complain($"{one.Operation} found something by '{one.Id}'");
                }

                await Run.SendRawAsync(
                    one.Operation, $"id alone {one.Id}", one.Operation.PathWith(_ => one.Id),
                    "Content-Type: application/json\r\nContent-Length: 2\r\nIf-Match: *\r\n", "{}"u8.ToArray(), mayBeBare: 400);
            });

        await Run.ShouldBeHarmlessAsync();
    }

    [Test]
    public async Task Absurd_headers_change_nothing_or_are_refused()
    {
        // The second column: what Kestrel may answer by itself, without a body.
        (string Header, int[] Bare)[] headers =
        [
            ($"X-Request-Id: <script>{Canary}</script>", []), ($"X-Request-Id: {new string('x', 5_000)}", []),
            ($"X-Request-Id: a\r\nX-Request-Id: {Canary}", []), ($"Accept: {Canary}", []), ("Accept: ,,;q=\u00ff", [400]),
            ($"Accept-Language: {new string(',', 5_000)}", []), ($"Accept-Encoding: {Canary};q=9", []),
            ($"If-Match: {Canary}", []), ("If-Match: \"", []), ("If-Match: W/W/\"1\"", []), ("If-Match: \u00ff\u00fe", [400]),
            ($"If-Match: {string.Join(',', Enumerable.Repeat("\"1\"", 2_000))}", []),
            ($"If-None-Match: {Canary}", []), ("If-Modified-Since: yesterday", []), ("Range: bytes=0-0,-1,9999999999999999999-", []),
            ($"Cookie: {Canary}={Canary}", []), ($"Origin: {Canary}", []), ($"Origin: null\r\nAccess-Control-Request-Method: {Canary}", []),
            ($"X-Forwarded-For: {Canary}", []), ($"X-Forwarded-Host: {Canary}", []), ($"X-Forwarded-Proto: {Canary}", []),
            ($"Forwarded: for={Canary}", []), ($"X-Tenant-Id: {Guid.CreateVersion7()}", []), ("X-HTTP-Method-Override: DELETE", []),
            ($"X-Original-URL: /{Canary}", []), ($"Upgrade: {Canary}", []), ("Upgrade: websocket\r\nSec-WebSocket-Version: 13", []),
            ($"Content-Encoding: {Canary}", []), ($"Idempotency-Key: {new string('k', 5_000)}", []), ($"traceparent: {Canary}", []),
            ($"baggage: {new string(',', 3_000)}", []), ($"{Canary}: {Canary}", []), (new string('h', 5_000) + ": 1", []),
            ("Authorization: ", []), ("Authorization: Bearer", []), ($"Authorization: Bearer {Canary}", []),
            ($"Authorization: Bearer {Canary}.{Canary}.{Canary}", []), ("Authorization: Bearer ..", []),
            ($"Authorization: Bearer {new string('x', 12_000)}", []), ("Authorization: Bearer \u00ff", [400]),
            ("Authorization: Basic YTpi", []), ("Authorization: Bearer a\r\nAuthorization: Bearer b", []),
            ($"Expect: {Canary}", []), ($"Host: {Canary} {Canary}", [400]), ("Host: a\r\nHost: b", [400]), ("Host: ", []),
            ($"X: {Canary}\0", [400]), ($"X {Canary}: 1", [400]), ($" X: {Canary}", [400]), (": x", [400]),
            ($"X: a\rb{Canary}", [400]), ($"X: a\nInjected: {Canary}", []),
            (string.Join("\r\n", Enumerable.Range(0, 150).Select(i => $"X-{i}: 1")), [431]),
            ($"X: {new string('x', 20_000)}", [431]),
        ];
        await HostileRun.ForEachAsync(HostileRun.Operations.SelectMany(_ => headers, (o, h) => (Operation: o, Case: h)), async one =>
        {
            var body = one.Operation.Body is null ? [] : Encoding.UTF8.GetBytes(one.Operation.ValidBody().ToJsonString());
            var json = one.Operation.Body is null ? "" : "Content-Type: application/json\r\n";
            await Run.SendRawAsync(
                one.Operation, one.Case.Header, one.Operation.Path,
                $"{one.Case.Header}\r\n{json}Content-Length: {body.Length}\r\n", body, mayBeValid: true, mayBeBare: one.Case.Bare);
        });

        await Run.ShouldBeHarmlessAsync(atLeast: headers.Length);
    }

    [Test]
    public async Task Bodies_that_are_too_large_are_refused()
    {
        await HostileRun.ForEachAsync(HostileRun.Operations, async operation =>
        {
            var expected = operation.Body is null || !Run.IsSignedIn ? (int?)null : 413;
            byte[] body = [.. "{\""u8, .. Encoding.ASCII.GetBytes(Canary), .. new byte[2 * Limit]];
            var whole = await Run.SendRawAsync(
                operation, "2 MiB", operation.Path, $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n", body);
            var announced = await Run.SendRawAsync(
                operation, "8 EiB announced", operation.Path, "Content-Type: application/json\r\nContent-Length: 9223372036854775807\r\n");
            byte[] chunks = [.. Enumerable.Repeat(Chunk(64 * 1024), 32).SelectMany(chunk => chunk), .. "0\r\n\r\n"u8];
            var chunked = await Run.SendRawAsync(
                operation, "2 MiB in chunks", operation.Path, "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", chunks);
            foreach (var status in new[] { whole, announced, chunked }.Where(status => expected is not null && status != expected))
            {
                Run.Complain($"{operation} answers {status} to too large a body");
            }
        });

        await Run.ShouldBeHarmlessAsync();
    }

    [Test]
    public async Task Addresses_that_are_too_long_are_refused()
    {
        foreach (var operation in HostileRun.Operations)
        {
            // Bare 414: the request line alone is over the limit, and Kestrel reads no further.
            var status = await Run.SendRawAsync(
                operation, "a query of 20,000 characters", $"{operation.Path}?{Canary}={new string('x', 20_000)}", mayBeBare: 414);
            if (status != 414)
            {
                Run.Complain($"{operation} answers {status} to a query of 20,000 characters");
            }

            await Run.SendRawAsync(
                operation, "1,000 query parameters", $"{operation.Path}?{string.Join('&', Enumerable.Repeat("limit=1", 1_000))}",
                "Content-Length: 0\r\n");
            await Run.SendRawAsync(
                operation, "2,500 parameters", $"{operation.Path}?{string.Join('&', Enumerable.Range(0, 2_500))}", "Content-Length: 0\r\n");
        }

        await Run.ShouldBeHarmlessAsync();
    }

    [Test]
    public async Task Lengths_that_lie_harm_nobody()
    {
        // Bare 400: where a request ends is Kestrel's business; status 0 is a connection that just closed.
        (string Name, string Headers, string Body)[] lies =
        [
            ("less than announced", "Content-Length: 500\r\n", $"{{\"{Canary}\":1"),
            ("nothing though announced", "Content-Length: 500\r\n", ""),
            ("more than announced", "Content-Length: 2\r\n", $"{{}}GET /{Canary} HTTP/1.1\r\n\r\n"),
            ("two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}x"),
            ("a negative length", "Content-Length: -1\r\n", "{}"),
            ("a length in words", $"Content-Length: {Canary}\r\n", "{}"),
            ("a length beyond numbers", "Content-Length: 99999999999999999999\r\n", "{}"),
            ("length and chunks", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", $"0\r\n\r\nGET /{Canary} HTTP/1.1\r\n\r\n"),
            ("an unknown transfer coding", $"Transfer-Encoding: {Canary}\r\n", "{}"),
            ("chunked twice", "Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
            ("chunked not last", "Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
            ("a chunk size that is none", "Transfer-Encoding: chunked\r\n", $"{Canary}\r\n"),
            ("a negative chunk", "Transfer-Encoding: chunked\r\n", "-1\r\n{}\r\n"),
            ("a chunk beyond numbers", "Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n{}\r\n"),
            ("a chunk longer than it says", "Transfer-Encoding: chunked\r\n", $"1\r\n{{}}{Canary}\r\n0\r\n\r\n"),
            ("chunks that never end", "Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n"),
            ("a chunk extension", "Transfer-Encoding: chunked\r\n", $"2;{Canary}=\"\r\n{{}}\r\n0\r\n\r\n"),
            ("a trailer that is none", "Transfer-Encoding: chunked\r\n", $"2\r\n{{}}\r\n0\r\n{Canary}\r\n\r\n"),
        ];
        await HostileRun.ForEachAsync(HostileRun.Operations.SelectMany(_ => lies, (o, l) => (Operation: o, Lie: l)), one =>
            Run.SendRawAsync(
                one.Operation, one.Lie.Name, one.Operation.Path, $"Content-Type: application/json\r\n{one.Lie.Headers}",
                Encoding.ASCII.GetBytes(one.Lie.Body), hangUp: true, mayBeBare: [0, 400]));

        await Run.ShouldBeHarmlessAsync(atLeast: lies.Length);
    }

    private static byte[] Chunk(int size) =>
        [.. Encoding.ASCII.GetBytes($"{size:x}\r\n"), .. Enumerable.Repeat((byte)' ', size), .. "\r\n"u8];
}
