using HipaaTemplate.Platform.Aws;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing.Anchors;

internal static class AnchorPlaces
{
    public static IServiceCollection AddAnchors(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AwsSettings>, RegionIsKnown>();
        // Not before it is needed: settings are read then, which --help must not.
        services.AddSingleton(provider => new Lazy<IAnchorPlace?>(() => Of(provider)));
        services.AddSingleton<AuditAnchors>();
        services.AddSingleton<AnchorLag>();
        services.AddSingleton<Anchoring>();
        return services;
    }

    /// <returns>Null where the settings name none.</returns>
    private static IAnchorPlace? Of(IServiceProvider services)
    {
        var settings = services.GetRequiredService<IOptions<AuditSettings>>().Value;
        return settings switch
        {
            { AnchorBucket: not null } => new S3AnchorPlace(
                settings, services.GetRequiredService<IOptions<AwsSettings>>().Value, services.GetRequiredService<TimeProvider>()),
            { AnchorDirectory: { } directory } => new DirectoryAnchorPlace(directory),
            _ => null,
        };
    }

    /// <summary>The SDK would guess one from the machine.</summary>
    private sealed class RegionIsKnown(IConfiguration configuration) : IValidateOptions<AwsSettings>
    {
        private static readonly string[] OfAws = ["AUDIT_ANCHOR_BUCKET", "AUDIT_SIGNING_KEY_ID"];

        public ValidateOptionsResult Validate(string? name, AwsSettings options)
        {
            var needed = OfAws.FirstOrDefault(setting => !string.IsNullOrWhiteSpace(configuration[setting]));
            return options.Region is null && needed is not null
                ? ValidateOptionsResult.Fail($"AWS_REGION is missing: the region of {needed}.")
                : ValidateOptionsResult.Success;
        }
    }
}
