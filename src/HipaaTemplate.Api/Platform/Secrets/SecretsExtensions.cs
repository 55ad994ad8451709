using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Secrets.Akeyless;
using HipaaTemplate.Platform.Secrets.Aws;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets;

internal static class SecretsExtensions
{
    /// <summary>A start waits no longer than this for the service; an orchestrator tries again.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Settings from a secret service (docs/how-to/keep-secrets-in-a-service.md). A further service is one more
    /// keyed <see cref="ISecretSource"/>, under its <see cref="SecretsProvider"/>.
    /// </summary>
    public static void AddSecrets(this WebApplicationBuilder builder)
    {
        var secrets = new SecretsConfiguration();
        secrets.InsertInto(builder.Configuration);
        var services = builder.Services;
        services.AddSingleton(secrets);
        services.AddSettings<SecretsSettings>();
        services.AddSingleton<IValidateOptions<SecretsSettings>, SecretsSettingsValidator>();
        services.AddSingleton(Choose);
        services.AddSingleton<SecretsRefresh>();
        services.AddHostedService(provider => provider.GetRequiredService<SecretsRefresh>());

        services.AddSettings<AwsSettings>();
        services.AddSingleton<IValidateOptions<AwsSettings>, AwsSettingsValidator>();
        services.AddKeyedSingleton<ISecretSource>(SecretsProvider.AwsSecretsManager, (provider, _) =>
            new AwsSecretSource(provider.GetRequiredService<IOptions<AwsSettings>>().Value));

        services.AddSettings<VaultSettings>();
        services.AddSingleton<IValidateOptions<VaultSettings>, VaultSettingsValidator>();
        services.AddSingleton<VaultClient>();
        services.AddKeyedSingleton<ISecretSource, VaultSecretSource>(SecretsProvider.Vault);

        services.AddSettings<AkeylessSettings>();
        services.AddSingleton<IValidateOptions<AkeylessSettings>, AkeylessSettingsValidator>();
        services.AddSingleton<AkeylessClient>();
        services.AddKeyedSingleton<ISecretSource, AkeylessSecretSource>(SecretsProvider.Akeyless);
    }

    /// <summary>
    /// Asks the service once, before there is a host that would read settings without its values. So what the
    /// service needs is taken from services that are of this one question.
    /// </summary>
    /// <exception cref="CommandException">The service does not give the settings.</exception>
    /// <exception cref="OptionsValidationException">It cannot be asked with these settings.</exception>
    public static async Task LoadSecretsAsync(this WebApplicationBuilder builder, CancellationToken ct)
    {
        await using var provider = builder.Services.BuildServiceProvider();
        var secrets = provider.GetRequiredService<SecretsConfiguration>();
        secrets.Allow(provider.GetServices<SettingsClass>());
        if (provider.GetRequiredService<ChosenSource>().Service is not { } service)
        {
            return;
        }

        try
        {
            secrets.Start(await service.LoadInTimeAsync(provider.GetRequiredService<TimeProvider>(), ct));
        }
        catch (SecretSourceException e)
        {
            throw new CommandException($"SECRETS_PROVIDER: {service.Name} does not give the settings ({e.Message}).");
        }
    }

    /// <exception cref="SecretSourceException">Also when there is no answer in time.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> LoadInTimeAsync(
        this ISecretSource service, TimeProvider time, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ct);
        try
        {
            return await service.LoadAsync(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new SecretSourceException($"no answer within {Deadline.TotalSeconds} s", e);
        }
    }

    private static ChosenSource Choose(IServiceProvider provider)
    {
        var aws = provider.GetRequiredService<IOptions<AwsSettings>>().Value;
        var kind = provider.GetRequiredService<IOptions<SecretsSettings>>().Value.ProviderWith(aws);
        return new ChosenSource(
            kind == SecretsProvider.None ? null : provider.GetRequiredKeyedService<ISecretSource>(kind));
    }
}
