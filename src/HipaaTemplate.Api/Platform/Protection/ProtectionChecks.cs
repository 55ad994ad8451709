using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection;

/// <summary>A key in a file beside the data is no protection, so outside development the start is refused.</summary>
internal sealed class ProtectionChecks(IOptions<ServerSettings> server) : IValidateOptions<KeyProviderSettings>
{
    public ValidateOptionsResult Validate(string? name, KeyProviderSettings options) => options.Provider switch
    {
        _ when server.Value.IsDevelopment => ValidateOptionsResult.Success,
        null => ValidateOptionsResult.Fail("KEY_PROVIDER is missing: aws-kms, vault or akeyless. Only development has a default."),
        KeyProviderKind.Local => ValidateOptionsResult.Fail(
            "KEY_PROVIDER must not be local outside development: the key would lie in a file beside the data. Use aws-kms, vault or akeyless."),
        _ => ValidateOptionsResult.Success,
    };
}
