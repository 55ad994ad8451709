using HipaaTemplate.Platform.Aws;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Providers.Aws;

internal static class AwsKmsExtensions
{
    /// <summary>The provider by its own type; which one is in use is decided where the settings are known.</summary>
    public static IServiceCollection AddAwsKms(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AwsSettings>, RegionIsKnown>();
        services.AddSingleton(provider => new AwsKmsKeyProvider(
            provider.GetRequiredService<IOptions<KeyProviderSettings>>(),
            provider.GetRequiredService<IOptions<AwsSettings>>()));
        return services;
    }

    /// <summary>The SDK would guess one from the machine, and a guess that changes cannot open what it wrapped.</summary>
    private sealed class RegionIsKnown(IOptions<KeyProviderSettings> keys) : IValidateOptions<AwsSettings>
    {
        public ValidateOptionsResult Validate(string? name, AwsSettings options) =>
            options.Region is null && keys.ValueOrNone?.Provider == KeyProviderKind.AwsKms
                ? ValidateOptionsResult.Fail("AWS_REGION is missing: the region of the keys that KEY_ID names.")
                : ValidateOptionsResult.Success;
    }
}
