using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets.Akeyless;

/// <summary>Akeyless, for whichever of keys and settings it keeps.</summary>
internal sealed class AkeylessSettings : IHasProblems
{
    [Setting("AKEYLESS_URL", "Address of the Akeyless API or of a gateway's (…:8081, or …:8080/v2): https, or in development http to this machine.")]
    public Uri Url { get; set; } = new("https://api.akeyless.io");

    [Setting("AKEYLESS_ACCESS_ID", "Access id of the API key that the API authenticates with.")]
    public string? AccessId { get; set; }

    [Setting("AKEYLESS_ACCESS_KEY", "Access key of that API key.")]
    public string? AccessKey { get; set; }

    [Setting("AKEYLESS_SECRET_NAME", "Settings kept in Akeyless: the full name of a static secret whose value is a JSON object of strings.",
        DefaultText = "none")]
    public string? SecretName { get; set; }

    /// <summary>What no environment allows; <see cref="AkeylessSettingsValidator"/> knows which one this is.</summary>
    public IEnumerable<string> Problems() => Problems(isDevelopment: true);

    /// <param name="isDevelopment">Where plain http to this machine is allowed.</param>
    public IEnumerable<string> Problems(bool isDevelopment)
    {
        if (!IssuerRules.IsAddress(Url, isDevelopment) || Url.Query.Length > 0)
        {
            yield return "AKEYLESS_URL must be an https URL; plain http is for localhost in development.";
        }

        if (string.IsNullOrEmpty(AccessId) != string.IsNullOrEmpty(AccessKey))
        {
            yield return "AKEYLESS_ACCESS_ID and AKEYLESS_ACCESS_KEY go together.";
        }

        if (SecretName is not null && string.IsNullOrEmpty(AccessId))
        {
            yield return "AKEYLESS_ACCESS_ID is missing: AKEYLESS_SECRET_NAME is read with it.";
        }
    }
}

/// <summary>What depends on where this is, and on what Akeyless is asked for.</summary>
internal sealed class AkeylessSettingsValidator(IOptions<ServerSettings> server, IOptions<KeyProviderSettings> keys)
    : IValidateOptions<AkeylessSettings>
{
    public ValidateOptionsResult Validate(string? name, AkeylessSettings options)
    {
        var problems = options.Problems(server.Value.IsDevelopment).ToList();
        if (keys.ValueOrNone?.Provider == KeyProviderKind.Akeyless && string.IsNullOrEmpty(options.AccessId))
        {
            problems.Add("AKEYLESS_ACCESS_ID is missing: KEY_PROVIDER is akeyless.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
