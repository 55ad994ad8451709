using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets;

internal static class SecretsExtensions
{
    /// <summary>A start waits no longer than this for the service; an orchestrator tries again.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private const string SecretIdSetting = "AWS_SECRETS_MANAGER_SECRET_ID";

    /// <summary>
    /// Settings from a secret service (docs/how-to/keep-secrets-in-a-service.md). A service is registered as a
    /// keyed <see cref="ISecretSource"/> under its <see cref="SecretsProvider"/>.
    /// </summary>
    public static void AddSecrets(this WebApplicationBuilder builder)
    {
        var secrets = new SecretsConfiguration();
        secrets.InsertInto(builder.Configuration);
        builder.Services.AddSingleton(secrets);
        builder.Services.AddSettings<SecretsSettings>();
        builder.Services.AddSingleton(Choose);
        builder.Services.AddSingleton<SecretsRefresh>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<SecretsRefresh>());
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
            var loaded = await service.LoadInTimeAsync(provider.GetRequiredService<TimeProvider>(), ct);
            secrets.Replace(secrets.Sort(loaded).Settings);
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
        var kind = provider.GetRequiredService<IOptions<SecretsSettings>>().Value.Provider
            ?? (string.IsNullOrWhiteSpace(provider.GetRequiredService<IConfiguration>()[SecretIdSetting])
                ? SecretsProvider.None
                : SecretsProvider.AwsSecretsManager);
        return new ChosenSource(
            kind == SecretsProvider.None ? null : provider.GetRequiredKeyedService<ISecretSource>(kind));
    }
}
