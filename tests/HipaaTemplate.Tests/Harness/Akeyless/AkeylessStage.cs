using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Akeyless;
using HipaaTemplate.Platform.Secrets.Akeyless;
using HipaaTemplate.Tests.Harness.Services;
using Microsoft.Extensions.Logging.Abstractions;

namespace HipaaTemplate.Tests.Harness.Akeyless;

/// <summary>Two keys of an Akeyless account.</summary>
internal sealed class AkeylessStage : KeyServiceStage
{
    private readonly AkeylessDouble akeyless;
    private readonly List<AkeylessClient> clients = [];

    private AkeylessStage(AkeylessDouble akeyless)
    {
        this.akeyless = akeyless;
        akeyless.Keys[KeyId] = new AkeylessItem();
        akeyless.Keys[OtherKeyId] = new AkeylessItem();
    }

    public override string KeyId => "/hipaa-template/phi";

    public override string OtherKeyId => "/hipaa-template/documents";

    public override IReadOnlyList<string> Secrets => [AkeylessDouble.AccessId, AkeylessDouble.AccessKey, .. akeyless.IssuedTokens];

    /// <summary>Uses of a key. That the client looks at the item when one is refused is its own affair.</summary>
    public override int Calls => akeyless.CallsOf("/encrypt") + akeyless.CallsOf("/decrypt");

    public static async Task<KeyServiceStage> StartAsync() => new AkeylessStage(await AkeylessDouble.StartAsync());

    public override IKeyProvider NewProvider(IReadOnlyDictionary<string, string>? settings = null)
    {
        Dictionary<string, string> own = new()
        {
            ["KEY_PROVIDER"] = "akeyless",
            ["KEY_ID"] = KeyId,
            ["AKEYLESS_URL"] = akeyless.Address.ToString(),
            ["AKEYLESS_ACCESS_ID"] = AkeylessDouble.AccessId,
            ["AKEYLESS_ACCESS_KEY"] = AkeylessDouble.AccessKey,
        };
        var client = new AkeylessClient(
            StageSettings.Of<AkeylessSettings>(own, settings), TimeProvider.System, NullLogger<AkeylessClient>.Instance);
        lock (clients)
        {
            clients.Add(client);
        }

        return new AkeylessKeyProvider(client, StageSettings.Of<KeyProviderSettings>(own, settings));
    }

    /// <remarks>No answer of /decrypt names a key: one that used another opens nothing that this one wrapped.</remarks>
    public override void Fail(KeyServiceFault? fault)
    {
        if (fault == KeyServiceFault.Down)
        {
            akeyless.StopAsync().GetAwaiter().GetResult();
        }
        else if (fault is null && akeyless.Fault == KeyServiceFault.Down)
        {
            akeyless.ListenAsync().GetAwaiter().GetResult();
        }

        akeyless.Fault = fault;
        akeyless.MixesKeysUp = fault == KeyServiceFault.WrongKeyId;
        akeyless.CutsShort = fault == KeyServiceFault.ShortKey;
    }

    public override void SetKey(string keyId, KeyState state)
    {
        var item = akeyless.Keys[keyId];
        (item.IsEnabled, item.IsBeingDeleted, item.IsDenied) =
            (state != KeyState.Disabled, state == KeyState.PendingDeletion, state == KeyState.Denied);
    }

    public override void RotateKey(string keyId) => akeyless.Keys[keyId].Rotate();

    public override async ValueTask DisposeAsync()
    {
        foreach (var client in clients)
        {
            client.Dispose();
        }

        await akeyless.DisposeAsync();
    }
}
