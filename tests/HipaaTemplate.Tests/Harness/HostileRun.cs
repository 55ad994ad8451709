using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Errors;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// Sends hostile requests to the shared API as one caller and judges each answer: a coded 4xx, or a
/// success where the input may be valid; never 5xx, and never a word of the input in an error.
/// </summary>
internal sealed class HostileRun : IDisposable
{
    /// <summary>Stands in every hostile request and in no answer that refuses one.</summary>
    public const string Canary = "kanarienvogel";

    /// <summary>They fail or hang on purpose, for tests of their own.</summary>
    private static readonly string[] Deliberate = ["/api/v1/probes/throw", "/api/v1/probes/slow"];

    private static readonly Dictionary<string, int> StatusOfCode = App.Api.Services
        .GetRequiredService<ErrorRegistry>().All.ToDictionary(error => error.Code, error => error.Status);

    private readonly ConcurrentQueue<string> complaints = new();
    private readonly HttpClient client;
    private readonly string? token;
    private int count;

    private HostileRun(string? token)
    {
        this.token = token;
        client = token is null ? App.Api.Anonymous() : App.Api.WithToken(token);
        client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", Canary);
    }

    public static IReadOnlyList<Operation> Operations { get; } =
        [.. EndpointTable.Of(App.Api).Where(operation => !Deliberate.Contains(operation.Template))];

    public static IEnumerable<Operation> WithBody => Operations.Where(operation => operation.Body is not null);

    public bool IsSignedIn => token is not null;

    /// <param name="caller">"admin" or "anonymous".</param>
    public static async Task<HostileRun> AsAsync(string caller) => new(
        caller == "anonymous" ? null : App.Issuer.NewToken((await App.NewClinicAsync()).Admin).Sign());

    public void Dispose() => client.Dispose();

    public static Task ForEachAsync<T>(IEnumerable<T> cases, Func<T, Task> act) => Parallel.ForEachAsync(
        cases, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (one, _) => await act(one));

    /// <summary>Sends a request whose HTTP is in order, with <paramref name="body"/> as JSON.</summary>
    public async Task<int> SendAsync(
        Operation operation,
        string what,
        byte[]? body = null,
        bool mayBeValid = false,
        string? path = null,
        string query = "",
        string? contentType = "application/json")
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(operation.Method), $"{path ?? operation.Path}?canary={Canary}{query}");
        // So that a PUT or DELETE gets as far as it can.
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (contentType is not null)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
            }
        }

        using var response = await client.SendAsync(request);
        var answer = await RawAnswer.FromAsync(response);
        Judge(operation, what, answer, mayBeValid || operation.Body is null, []);
        return answer.Status;
    }

    /// <summary>Sends a request written byte by byte.</summary>
    /// <param name="mayBeBare">
    /// Statuses that Kestrel answers without a body, because it gave the request up before any of our code.
    /// </param>
    public async Task<int> SendRawAsync(
        Operation operation,
        string what,
        string target,
        string headers = "",
        byte[]? body = null,
        string? method = null,
        bool mayBeValid = false,
        bool hangUp = false,
        params int[] mayBeBare)
    {
        var authorization = token is null || headers.StartsWith("Authorization:", StringComparison.Ordinal)
            ? ""
            : $"Authorization: Bearer {token}\r\n";
        var host = headers.StartsWith("Host:", StringComparison.Ordinal) ? "" : "Host: localhost\r\n";
        var head = $"{method ?? operation.Method} {target} HTTP/1.1\r\n{host}{authorization}User-Agent: {Canary}\r\n"
            + $"{headers}Connection: close\r\n\r\n";
        var answer = await RawConnection.SendAsync(
            App.Api.Address, (byte[])[.. Encoding.Latin1.GetBytes(head), .. body ?? []], hangUp);
        Judge(operation, what, answer, mayBeValid || operation.Body is null, mayBeBare);
        return answer.Status;
    }

    public void Complain(string complaint) => complaints.Enqueue(complaint);

    /// <summary>Nothing was wrong, and the process still serves.</summary>
    public async Task ShouldBeHarmlessAsync(int atLeast = 1)
    {
        await TestContext.Progress.WriteLineAsync($"{TestContext.CurrentContext.Test.Name}: {count} hostile requests");
        Assert.Multiple(() =>
        {
            Assert.That(complaints.Take(20), Is.Empty, $"{complaints.Count} of {count}");
            Assert.That(count, Is.AtLeast(atLeast), "Too few cases: has something stopped to be found?");
        });
        using var health = await client.GetAsync("/health");
        using var listing = await client.GetAsync(ProbeFeature.Path);
        Assert.That((int)health.StatusCode, Is.EqualTo(200));
        Assert.That((int)listing.StatusCode, Is.EqualTo(IsSignedIn ? 200 : 401));
    }

    private void Judge(Operation operation, string what, RawAnswer answer, bool mayBeValid, int[] mayBeBare)
    {
        Interlocked.Increment(ref count);
        var complaint = answer.Status switch
        {
            >= 200 and < 300 => Success(operation, mayBeValid),
            _ when mayBeBare.Contains(answer.Status) && answer.Body.Length == 0 => Echo(answer),
            >= 400 and < 500 => Problem(answer) ?? Echo(answer),
            _ => "neither success nor 4xx",
        };
        if (complaint is not null)
        {
            var shortly = what.Length > 60 ? $"{what[..60]}…" : what;
            complaints.Enqueue($"{operation} <- {shortly}: {complaint}; {answer.Status} {answer.Body}");
        }
    }

    private string? Success(Operation operation, bool mayBeValid) =>
        !IsSignedIn && !operation.IsAnonymous ? "let in without a token"
        : mayBeValid ? null
        : "taken as valid";

    private static string? Echo(RawAnswer answer) =>
        (answer.Head + answer.Body).Contains(Canary, StringComparison.OrdinalIgnoreCase) ? "echoes its input" : null;

    private static string? Problem(RawAnswer answer)
    {
        if (answer.MediaType != "application/problem+json")
        {
            return $"no problem but '{answer.MediaType}'";
        }

        using var problem = JsonDocument.Parse(WithoutChunks(answer.Body));
        var code = problem.RootElement.GetProperty("code").GetString()!;
        return StatusOfCode.GetValueOrDefault(code) == answer.Status ? null : $"code {code} is not of this status";
    }

    /// <summary>A raw answer may come chunked; the one object in it is what counts.</summary>
    private static string WithoutChunks(string body) =>
        body[body.IndexOf('{', StringComparison.Ordinal)..(body.LastIndexOf('}') + 1)];
}
