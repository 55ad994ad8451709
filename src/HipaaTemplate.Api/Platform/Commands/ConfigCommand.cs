using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Commands;

/// <summary>Says what is missing or impossible before a deployment does; never prints a value.</summary>
internal sealed class ConfigCommand(
    IEnumerable<SettingsClass> classes, IConfiguration configuration, IStartupValidator start) : ICommand
{
    public string Name => "config";

    public string Summary => "check the settings without printing their values";

    public IReadOnlyList<string> Usage => ["config check"];

    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct)
    {
        if (arguments is not ["check"])
        {
            throw new UsageException("config has one form.");
        }

        List<string> problems = [];
        foreach (var type in classes.Select(c => c.Type))
        {
            foreach (var (_, setting) in SettingsBinder.SettingsOf(type))
            {
                var state = string.IsNullOrWhiteSpace(configuration[setting.Name])
                    ? setting.Required ? "MISSING" : "default"
                    : $"set ({OriginOf(setting.Name)})";
                await Console.Out.WriteLineAsync($"{setting.Name,-24} {state}");
            }

            problems.AddRange(SettingsBinder.Bind(Activator.CreateInstance(type)!, configuration));
        }

        if (problems.Count == 0)
        {
            problems.AddRange(ProblemsBetweenClasses());
        }

        foreach (var problem in problems)
        {
            await Console.Error.WriteLineAsync(problem);
        }

        return problems.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private string OriginOf(string name) =>
        ((IConfigurationRoot)configuration).Providers.Last(provider => provider.TryGet(name, out _)) switch
        {
            CommandLineConfigurationProvider => "command line",
            SecretsConfiguration => "secrets service",
            EnvironmentVariablesConfigurationProvider => "environment",
            _ => "file",
        };

    /// <summary>What a start would refuse though each class of settings is right by itself.</summary>
    private IEnumerable<string> ProblemsBetweenClasses()
    {
        try
        {
            start.Validate();
            return [];
        }
        catch (OptionsValidationException e)
        {
            return e.Failures;
        }
    }
}
