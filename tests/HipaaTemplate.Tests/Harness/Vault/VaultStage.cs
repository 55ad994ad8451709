using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Vault;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Tests.Harness.Services;
using Microsoft.Extensions.Logging.Abstractions;

namespace HipaaTemplate.Tests.Harness.Vault;

/// <summary>Two transit keys of a Vault.</summary>
internal sealed class VaultStage : KeyServiceStage
{
    private readonly VaultDouble vault;
    private readonly List<VaultClient> clients = [];
    private readonly Dictionary<string, TransitKey> keys;

    private VaultStage(VaultDouble vault)
    {
        this.vault = vault;
        keys = new() { [KeyId] = new TransitKey(), [OtherKeyId] = new TransitKey("chacha20-poly1305") };
        foreach (var (name, key) in keys)
        {
            vault.Transit.Keys[name] = key;
        }
    }

    public override string KeyId => "phi";

    public override string OtherKeyId => "phi-documents";

    public override IReadOnlyList<string> Secrets => [VaultDouble.RoleId, VaultDouble.SecretId, .. vault.Tokens.Issued];

    /// <summary>Uses of a key. What the client asks about its token is its own affair.</summary>
    public override int Calls => vault.Calls.Count(call => call.Contains("/v1/transit/", StringComparison.Ordinal));

    public static async Task<KeyServiceStage> StartAsync() => new VaultStage(await VaultDouble.StartAsync());

    public override IKeyProvider NewProvider(IReadOnlyDictionary<string, string>? settings = null)
    {
        Dictionary<string, string> own = new()
        {
            ["KEY_PROVIDER"] = "vault",
            ["KEY_ID"] = KeyId,
            ["VAULT_ADDR"] = vault.Address.ToString(),
            ["VAULT_ROLE_ID"] = VaultDouble.RoleId,
            ["VAULT_SECRET_ID"] = VaultDouble.SecretId,
        };
        var ofVault = StageSettings.Of<VaultSettings>(own, settings);
        var client = new VaultClient(ofVault, TimeProvider.System, NullLogger<VaultClient>.Instance);
        lock (clients)
        {
            clients.Add(client);
        }

        return new VaultKeyProvider(client, ofVault, StageSettings.Of<KeyProviderSettings>(own, settings));
    }

    /// <remarks>No answer of transit names a key: one that used another opens nothing that this one wrapped.</remarks>
    public override void Fail(KeyServiceFault? fault)
    {
        if (fault == KeyServiceFault.Down)
        {
            vault.StopAsync().GetAwaiter().GetResult();
        }
        else if (fault is null && vault.Fault == KeyServiceFault.Down)
        {
            vault.ListenAsync().GetAwaiter().GetResult();
        }

        vault.Fault = fault;
        vault.Transit.MixesKeysUp = fault == KeyServiceFault.WrongKeyId;
        vault.Transit.CutsShort = fault == KeyServiceFault.ShortKey;
    }

    /// <remarks>Vault has no switch for a key: its operators take the policy away, or the key itself.</remarks>
    public override void SetKey(string keyId, KeyState state)
    {
        foreach (var path in new[] { $"transit/encrypt/{keyId}", $"transit/decrypt/{keyId}" })
        {
            if (state is KeyState.Disabled or KeyState.Denied)
            {
                vault.Deny(path);
            }
            else
            {
                vault.Allow(path);
            }
        }

        if (state == KeyState.PendingDeletion)
        {
            vault.Transit.Keys.TryRemove(keyId, out _);
        }
        else
        {
            vault.Transit.Keys[keyId] = keys[keyId];
        }
    }

    public override void RotateKey(string keyId) => keys[keyId].Rotate();

    public override async ValueTask DisposeAsync()
    {
        foreach (var client in clients)
        {
            client.Dispose();
        }

        await vault.DisposeAsync();
    }
}
