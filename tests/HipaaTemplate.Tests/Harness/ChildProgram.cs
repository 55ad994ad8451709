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
        switch (arguments)
        {
            case ["aws-kms"]:
                return await OpenWithKmsAsync();
            case ["serve-with", var entity]:
                return await ServeWithAsync(Type.GetType(entity, throwOnError: true)!);
            default:
                Console.Error.WriteLine("This program is started by tests.");
                return 2;
        }
    }

    private static async Task<int> OpenWithKmsAsync()
    {
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
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = AppContext.BaseDirectory,
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

    /// <summary>Of a process of its own, because EF Core keeps one model for all hosts of one.</summary>
    private static async Task<int> ServeWithAsync(Type entity)
    {
        await using var issuer = await TestIssuer.StartAsync();
        var settings = new Dictionary<string, string> { ["KEY_LOCAL_FILE"] = Variable("KEY_LOCAL_FILE") };
        await using var host = new ApiHost(
            Variable("DATABASE_URL"), issuer, settings, services => services.AddTestFeature(new EntityFeature([entity])));
        try
        {
            _ = host.Address;
            return 0;
        }
        catch (InvalidOperationException)
        {
            return 1;
        }
    }

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name)!;

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
