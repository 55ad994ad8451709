using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Secrets.Akeyless;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets;

internal enum SecretsProvider
{
    None,
    AwsSecretsManager,
    Vault,
    Akeyless,
}

/// <summary>Where settings that are secrets come from. These themselves cannot come from there.</summary>
internal sealed class SecretsSettings : IHasProblems
{
    private const int MinimumRefreshSeconds = 5;
    private const int MaximumRefreshSeconds = 86_400;

    [Setting("SECRETS_PROVIDER", "A service that keeps settings: aws-secrets-manager, vault, akeyless or none. Its values win over the environment's, the command line's over both.",
        DefaultText = "aws-secrets-manager where AWS_SECRETS_MANAGER_SECRET_ID is set, else none")]
    public SecretsProvider? Provider { get; set; }

    [Setting("SECRETS_REFRESH_SECONDS", "How often the service is asked again; a new database password is used without a restart, everything else from the next start.")]
    public int RefreshSeconds { get; set; } = 300;

    public TimeSpan Interval => TimeSpan.FromSeconds(RefreshSeconds);

    /// <summary>Who names a secret of AWS means it.</summary>
    public SecretsProvider ProviderWith(AwsSettings aws) =>
        Provider ?? (aws.SecretId is null ? SecretsProvider.None : SecretsProvider.AwsSecretsManager);

    public IEnumerable<string> Problems()
    {
        if (RefreshSeconds is < MinimumRefreshSeconds or > MaximumRefreshSeconds)
        {
            yield return $"SECRETS_REFRESH_SECONDS must be between {MinimumRefreshSeconds} and {MaximumRefreshSeconds}.";
        }
    }
}

/// <summary>The service that was chosen has to know which of its secrets is meant.</summary>
internal sealed class SecretsSettingsValidator(
    IOptions<AwsSettings> aws, IOptions<VaultSettings> vault, IOptions<AkeylessSettings> akeyless) : IValidateOptions<SecretsSettings>
{
    public ValidateOptionsResult Validate(string? name, SecretsSettings options)
    {
        var missing = options.Provider switch
        {
            SecretsProvider.AwsSecretsManager when aws.Value.SecretId is null => "AWS_SECRETS_MANAGER_SECRET_ID",
            SecretsProvider.Vault when vault.Value.Address is null => "VAULT_ADDR",
            SecretsProvider.Vault when vault.Value.SecretPath is null => "VAULT_SECRET_PATH",
            SecretsProvider.Akeyless when akeyless.Value.SecretName is null => "AKEYLESS_SECRET_NAME",
            _ => null,
        };
        return missing is null
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{missing} is missing: SECRETS_PROVIDER says that it is needed.");
    }
}
