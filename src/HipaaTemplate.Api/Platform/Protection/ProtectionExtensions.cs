using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Erasure;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Akeyless;
using HipaaTemplate.Platform.Protection.Providers.Aws;
using HipaaTemplate.Platform.Protection.Providers.Vault;
using HipaaTemplate.Platform.Protection.Rotation;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection;

internal static class ProtectionExtensions
{
    public static void AddProtection(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<KeyProviderSettings>();
        builder.Services.AddSettings<ProtectionSettings>();
        builder.Services.AddSingleton<IValidateOptions<KeyProviderSettings>, ProtectionChecks>();
        builder.Services.AddKeyedSingleton<IKeyProvider, LocalKeyProvider>(LocalKeyProvider.ProviderName);
        builder.Services.AddAwsKms();
        builder.Services.AddKeyedSingleton<IKeyProvider>("aws-kms", (provider, _) => provider.GetRequiredService<AwsKmsKeyProvider>());
        builder.Services.AddKeyedSingleton<IKeyProvider, VaultKeyProvider>("vault");
        builder.Services.AddKeyedSingleton<IKeyProvider, AkeylessKeyProvider>("akeyless");
        builder.Services.AddSingleton<KeyProviders>();
        builder.Services.AddSingleton<KeyTimes>();
        builder.Services.AddSingleton<KeyLoading>();
        builder.Services.AddSingleton<KeyCounting>();
        builder.Services.AddSingleton<KeyRefresh>();
        builder.Services.AddSingleton(provider => ActivatorUtilities.CreateInstance<TenantKeyRings>(provider));
        builder.Services.AddSingleton<PhiKeySource>();
        builder.Services.AddSingleton<RowRewriter>();
        builder.Services.AddSingleton<Resealing>();
        builder.Services.AddSingleton<KeyRotation>();

        builder.Services.AddSingleton<CertificateKeys>();
        builder.Services.AddSingleton<LegalHolds>();
        builder.Services.AddSingleton<Darkening>();
        builder.Services.AddSingleton<Erasing>();
        builder.Services.AddSingleton<KeysUpkeep>();
        builder.Services.AddSingleton<KeysErasure>();
        builder.Services.AddSingleton<KeysHolds>();
    }
}
