using System.Collections.Concurrent;
using System.Diagnostics;

namespace HipaaTemplate.Tests.Harness;

internal sealed record ProcessResult(int ExitCode, string Output, string Errors);

/// <summary>The binary as a deployment runs it: settings by environment, a verb, two streams, an exit code.</summary>
internal sealed class ApiProcess : IAsyncDisposable
{
    /// <summary>A rotation waits by itself, and pauses longer the busier the machine is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Process process;
    private readonly ConcurrentQueue<string> output = new();
    private readonly ConcurrentQueue<string> errors = new();
    private readonly Task reading;

    private ApiProcess(Process process, Uri? address)
    {
        this.process = process;
        Address = address;
        reading = Task.WhenAll(
            ReadAsync(process.StandardOutput, output), ReadAsync(process.StandardError, errors));
    }

    /// <summary>The build that the tests are of, unless a measurement names a published one.</summary>
    public static string Binary { get; set; } = Repository.PathOf(
        "src", "HipaaTemplate.Api", "bin", Repository.Configuration, "net10.0", "HipaaTemplate.Api.dll");

    public Uri? Address { get; }

    /// <summary>Lines of standard output so far.</summary>
    public IReadOnlyList<string> Output => [.. output];

    /// <summary>Lines of standard error so far.</summary>
    public IReadOnlyList<string> Errors => [.. errors];

    /// <summary>Settings that start the API against a database and an issuer of the tests.</summary>
    public static Dictionary<string, string> Settings(string databaseUrl, TestIssuer issuer) => new()
    {
        ["ENVIRONMENT"] = "development",
        ["DATABASE_URL"] = databaseUrl,
        ["OIDC_ISSUER_URL"] = issuer.Issuer,
        ["OIDC_CLIENT_ID"] = TestIssuer.ClientId,
        ["OIDC_AUDIENCE"] = TestIssuer.Audience,
        ["KEY_LOCAL_FILE"] = App.LocalKeyFile,
    };

    public static async Task<ProcessResult> RunAsync(
        IReadOnlyDictionary<string, string> settings, params string[] arguments)
    {
        await using var run = new ApiProcess(Start(settings, arguments), address: null);
        return await run.ExitAsync();
    }

    /// <summary>A verb that is left running; disposing it is kill -9.</summary>
    public static ApiProcess Begin(IReadOnlyDictionary<string, string> settings, params string[] arguments) =>
        new(Start(settings, arguments), address: null);

    /// <summary>The same as whoever shares a machine with the API should run it: giving way to every other process.</summary>
    public static ApiProcess BeginNicely(IReadOnlyDictionary<string, string> settings, params string[] arguments) =>
        new(Start(settings, arguments, "chrt", "--idle", "0"), address: null);

    /// <summary>Serves on a free port and returns when it answers.</summary>
    public static Task<ApiProcess> ServeAsync(IReadOnlyDictionary<string, string> settings) =>
        ServeAsync(settings, Ports.Free());

    public static async Task<ApiProcess> ServeAsync(IReadOnlyDictionary<string, string> settings, int port)
    {
        var served = new Dictionary<string, string>(settings) { ["PORT"] = port.ToString() };
        var api = new ApiProcess(Start(served, []), new Uri($"http://127.0.0.1:{port}"));
        using var client = api.Client();
        await Eventually.IsTrueAsync(
            async () =>
            {
                try
                {
                    return api.process.HasExited || (await client.GetAsync("/health")).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "The API never answered.");
        Assert.That(api.process.HasExited, Is.False, string.Join('\n', api.errors));
        return api;
    }

    public HttpClient Client() => new() { BaseAddress = Address };

    /// <summary>What an orchestrator sends first.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    public async Task<ProcessResult> ExitAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(timeout.Token);
        await reading;
        return new ProcessResult(process.ExitCode, Joined(output), Joined(errors));
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static string Joined(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    private static Process Start(IReadOnlyDictionary<string, string> settings, string[] arguments, params string[] under)
    {
        string[] words = [.. under, "dotnet", Binary, .. arguments];
        var start = new ProcessStartInfo(words[0], words[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var name in new[] { "DATABASE_URL", "TEST_DATABASE_URL", "PORT", "ENVIRONMENT", "LOG_LEVEL" })
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task ReadAsync(StreamReader from, ConcurrentQueue<string> to)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            to.Enqueue(line);
        }
    }
}
