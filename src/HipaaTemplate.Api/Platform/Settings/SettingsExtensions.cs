using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Settings;

internal static class SettingsExtensions
{
    /// <summary>Registers options that are bound from their settings and checked at start.</summary>
    public static IServiceCollection AddSettings<TOptions>(this IServiceCollection services)
        where TOptions : class, new()
    {
        services.AddSingleton(new SettingsClass(typeof(TOptions)));
        services.AddOptions<TOptions>()
            .Configure<IConfiguration>((options, configuration) =>
                SettingsBinder.Bind(options, configuration))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>, Validator<TOptions>>();
        return services;
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

/// <summary>A class of options in use, for `config check` and the generated docs.</summary>
internal sealed record SettingsClass(Type Type);
