using HipaaTemplate.Platform.Secrets;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Database;

/// <summary>What is needed besides, or is not, depends on where the API's credentials come from.</summary>
/// <param name="services">Not the credentials themselves: they may need the settings that are checked here.</param>
internal sealed class CredentialsValidator(IServiceProvider services) : IValidateOptions<DatabaseSettings>
{
    public ValidateOptionsResult Validate(string? name, DatabaseSettings options)
    {
        bool isFixed;
        try
        {
            isFixed = services.GetRequiredService<IDatabaseCredentials>() is SettingsCredentials;
        }
        catch (OptionsValidationException)
        {
            // The service's own settings are impossible, and say so themselves.
            return ValidateOptionsResult.Skip;
        }

        return (isFixed, options) switch
        {
            (true, { AppPassword: null, SigningSecret: not null }) when !options.HasOwnerPassword() =>
                ValidateOptionsResult.Fail(DatabaseSettings.PasswordIsMissing),
            (false, { SigningSecret: null }) => ValidateOptionsResult.Fail(
                "SIGNING_SECRET is missing: the API's credentials change, so nothing can be derived from them that is to stay."),
            _ => ValidateOptionsResult.Success,
        };
    }
}
