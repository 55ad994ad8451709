using Amazon.KeyManagementService;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Retention;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing;

internal static class AuditingExtensions
{
    public static void AddAuditing(this WebApplicationBuilder builder)
    {
        // Of changes, each in a transaction of its own; AuditTrail has another.
        builder.Services.AddSingleton(provider => new AuditNumbers(provider.GetRequiredService<TimeProvider>(), isSerial: false));
        builder.Services.AddSingleton<PlatformKey>();
        builder.Services.AddSingleton<AuditStore>();
        builder.Services.AddSingleton<AuditTrail>();
        builder.Services.AddSettings<AuditSettings>();
        builder.Services.AddSingleton<SealStore>();
        builder.Services.AddSingleton<SealKeyStore>();
        builder.Services.AddSingleton<AuditSigningKeys>();
        // Not before it is needed: settings are read then, which --help must not.
        builder.Services.AddSingleton(provider => new Lazy<IAmazonKeyManagementService>(() => new AmazonKeyManagementServiceClient(
            provider.GetRequiredService<IOptions<AwsSettings>>().Value.Configure(new AmazonKeyManagementServiceConfig()))));
        builder.Services.AddSingleton<AuditSigner>();
        builder.Services.AddSingleton<Sealer>();
        builder.Services.AddSingleton<PartitionUpkeep>();
        builder.Services.AddAnchors();
        builder.Services.AddSingleton<SealLag>();
        builder.Services.AddSingleton<SealWatch>();
        builder.Services.AddHostedService<SealingService>();
        builder.Services.AddSingleton<ProcessActor>();
        builder.Services.AddSingleton<VerbEvents>();
        builder.Services.AddSingleton<KeyEvents>();
        builder.Services.AddSingleton<AuditExport>();
        builder.Services.AddSingleton<AuditKeyFile>();
        builder.Services.AddSingleton<RecordKinds>();
        builder.Services.AddSingleton<FhirExport>();
        builder.Services.AddSingleton<DisclosureExport>();
        builder.Services.AddSingleton<AuditExports>();
        builder.Services.AddSingleton<AuditSealing>();
        builder.Services.AddSettings<RetentionSettings>();
        builder.Services.AddSingleton<ArchiveStore>();
        builder.Services.AddSingleton<RemovalStore>();
        builder.Services.AddSingleton<AuditArchive>();
        builder.Services.AddSingleton<AuditRemoval>();
        builder.Services.AddSingleton<AuditRetention>();
        builder.Services.AddScoped<AccessRecord>();
        builder.Services.AddScoped<AuditActors>();
        builder.Services.AddScoped<Refusals>();
        builder.Services.AddAlerts();
    }

    /// <summary>An event for each use of the endpoint, of this kind, even when nothing is revealed.</summary>
    public static TBuilder AuditedAs<TBuilder>(this TBuilder builder, AuditAction action)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new AuditedAs(action));
}
