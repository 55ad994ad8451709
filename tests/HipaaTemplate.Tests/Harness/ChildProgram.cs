using System.Diagnostics;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Aws;
using HipaaTemplate.Platform.Settings;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// The assembly of the tests as a program, for what depends on the environment of a process: tests share one,
/// so they must not change it.
/// </summary>
internal static class ChildProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not ["aws-kms"])
        {
            Console.Error.WriteLine("This program is started by tests.");
            return 2;
        }

        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddEnvironmentVariables().Build())
            .AddSettings<KeyProviderSettings>().AddSettings<AwsSettings>().AddAwsKms()
            .BuildServiceProvider();
        Console.WriteLine(await OpenAsync(services.GetRequiredService<AwsKmsKeyProvider>()));
        return 0;
    }

    /// <summary>Runs it with these variables, none of AWS's own beside them, and no home directory.</summary>
    public static async Task<ProcessResult> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(ChildProgram).Assembly.Location, .. arguments])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("AWS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["HOME"] = Path.Combine(Path.GetTempPath(), "nobody");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
        var errors = process.StandardError.ReadToEndAsync(timeout.Token);
        await process.WaitForExitAsync(timeout.Token);
        return new ProcessResult(process.ExitCode, await output, await errors);
    }

    private static async Task<string> OpenAsync(AwsKmsKeyProvider provider)
    {
        var context = new KeyContext("development", TenantId.From(Guid.CreateVersion7()), DataClass.General, 1);
        try
        {
            var generated = await provider.GenerateAsync(context, CancellationToken.None);
            var opened = await provider.UnwrapAsync(generated.Wrapped, context, CancellationToken.None);
            return opened.AsSpan().SequenceEqual(generated.Plaintext) ? "opened" : "another key";
        }
        catch (KeyProviderException e)
        {
            return $"{e.Fault}: {e.Reason}";
        }
    }
}
