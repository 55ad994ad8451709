using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Tests.Harness.Services;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HipaaTemplate.Tests.Harness.Vault;

/// <summary>A Vault, one clock for it and for whoever asks it, and what they logged.</summary>
internal sealed class VaultRig : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly List<VaultClient> clients = [];

    private VaultRig(VaultDouble vault, ManualTime time)
    {
        Vault = vault;
        Time = time;
        var collection = new ServiceCollection();
        collection.AddLogging();
        Log.Install(collection);
        services = collection.BuildServiceProvider();
    }

    public VaultDouble Vault { get; }

    public ManualTime Time { get; }

    public LogCapture Log { get; } = new();

    public int Logins => Vault.CallsOf("/auth/approle/login");

    public int Renewals => Vault.CallsOf("/auth/token/renew-self");

    public static async Task<VaultRig> StartAsync()
    {
        var time = new ManualTime();
        return new VaultRig(await VaultDouble.StartAsync(time), time);
    }

    public Dictionary<string, string> Settings() => new()
    {
        ["VAULT_ADDR"] = Vault.Address.ToString(),
        ["VAULT_ROLE_ID"] = VaultDouble.RoleId,
        ["VAULT_SECRET_ID"] = VaultDouble.SecretId,
    };

    public ILogger<T> Logger<T>() => services.GetRequiredService<ILogger<T>>();

    public VaultClient NewClient(IReadOnlyDictionary<string, string>? settings = null)
    {
        var client = new VaultClient(StageSettings.Of<VaultSettings>(Settings(), settings), Time, Logger<VaultClient>());
        clients.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients)
        {
            client.Dispose();
        }

        await Vault.DisposeAsync();
        await services.DisposeAsync();
    }
}

internal static class VaultCalls
{
    /// <summary>Something that every token may.</summary>
    public static async Task AskAsync(this VaultClient client)
    {
        using var answer = await client.SendAsync(HttpMethod.Get, "secret/data/any", members: null, CancellationToken.None);
    }
}
