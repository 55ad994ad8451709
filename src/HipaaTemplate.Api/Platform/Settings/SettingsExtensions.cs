using HipaaTemplate.Platform.Secrets;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Settings;

internal static class SettingsExtensions
{
    /// <summary>Registers options that are bound from their settings and checked at start.</summary>
    public static IServiceCollection AddSettings<TOptions>(this IServiceCollection services)
        where TOptions : class, new()
    {
        services.AddSingleton(new SettingsClass(typeof(TOptions), Problems<TOptions>));
        services.AddOptions<TOptions>()
            .Configure<IConfiguration>((options, configuration) =>
                SettingsBinder.Bind(options, configuration))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>, Validator<TOptions>>();
        services.AddSingleton<IOptionsChangeTokenSource<TOptions>, SecretsReload<TOptions>>();
        return services;
    }

    private static List<string> Problems<TOptions>(IServiceProvider services, IConfiguration configuration)
        where TOptions : class, new()
    {
        var options = new TOptions();
        var problems = SettingsBinder.Bind(options, configuration);
        return problems.Count > 0
            ? problems
            :
            [
                .. services.GetServices<IValidateOptions<TOptions>>()
                    .Where(validator => validator is not Validator<TOptions>)
                    .SelectMany(validator => validator.Validate(Options.DefaultName, options).Failures ?? []),
            ];
    }

    private sealed class Validator<TOptions>(IConfiguration configuration) : IValidateOptions<TOptions>
        where TOptions : class, new()
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            var problems = SettingsBinder.Bind(new TOptions(), configuration);
            return problems.Count == 0
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail(problems);
        }
    }
}

/// <summary>A class of options in use, for `config check`, the generated docs and settings that change.</summary>
/// <param name="Type">With properties that carry <see cref="SettingAttribute"/>.</param>
/// <param name="Problems">What a start with this configuration would refuse, by what the settings say themselves and by what they say together.</param>
internal sealed record SettingsClass(Type Type, Func<IServiceProvider, IConfiguration, IReadOnlyList<string>> Problems);
