using HipaaTemplate.Platform.Settings;

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

    public IEnumerable<string> Problems()
    {
        if (RefreshSeconds is < MinimumRefreshSeconds or > MaximumRefreshSeconds)
        {
            yield return $"SECRETS_REFRESH_SECONDS must be between {MinimumRefreshSeconds} and {MaximumRefreshSeconds}.";
        }
    }
}
