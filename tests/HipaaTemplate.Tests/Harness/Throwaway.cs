using System.Diagnostics;

namespace HipaaTemplate.Tests.Harness;

/// <summary>A server that a script of tools/ started for this run, and that ends with it.</summary>
internal sealed class Throwaway : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private readonly Process script;

    private Throwaway(Process script, Dictionary<string, string> answers)
    {
        this.script = script;
        Answers = answers;
    }

    /// <summary>What the script printed once the server ran: name=value lines.</summary>
    public IReadOnlyDictionary<string, string> Answers { get; }

    /// <param name="tool">A script of tools/ with the verb `throwaway`.</param>
    /// <param name="input">Lines for its standard input.</param>
    /// <param name="expected">The names of the lines that it prints.</param>
    public static async Task<Throwaway> StartAsync(string tool, string[] input, params string[] expected)
    {
        var running = Process.Start(new ProcessStartInfo(Repository.PathOf("tools", tool), "throwaway")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = running.StandardError.ReadToEndAsync();
        foreach (var line in input)
        {
            await running.StandardInput.WriteLineAsync(line);
        }

        await running.StandardInput.FlushAsync();
        using var timeout = new CancellationTokenSource(StartTimeout);
        Dictionary<string, string> answers = [];
        while (!expected.All(answers.ContainsKey))
        {
            if (await running.StandardOutput.ReadLineAsync(timeout.Token) is not { } line)
            {
                throw new InvalidOperationException($"tools/{tool} started no server for the tests: {await errors}");
            }

            var parts = line.Split('=', 2);
            answers[parts[0]] = parts[1];
        }

        return new Throwaway(running, answers);
    }

    public async ValueTask DisposeAsync()
    {
        // The script removes its server when its standard input ends.
        script.StandardInput.Close();
        using var timeout = new CancellationTokenSource(StopTimeout);
        await script.WaitForExitAsync(timeout.Token);
        script.Dispose();
    }
}
