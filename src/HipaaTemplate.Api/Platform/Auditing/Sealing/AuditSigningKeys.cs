using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Signing;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>The keys that sign the audit trail.</summary>
internal sealed class AuditSigningKeys(
    SealKeyStore store, KeyProviders providers, IOptions<ServerSettings> server, IOptions<AuditSettings> settings, TimeProvider time)
    : SigningKeys(providers, server, time)
{
    /// <summary>The public halves of all that ever signed, as a verifier takes them.</summary>
    public async Task<IReadOnlyList<NoteKey>> PublicKeysAsync(CancellationToken ct)
    {
        List<NoteKey> keys = [];
        foreach (var publicKey in await store.PublicKeysAsync(ct))
        {
            keys.Add(NoteKey.TryCreate(settings.Value.LogName, publicKey, out var key)
                ? key
                : throw new SealDamagedException($"a key in {AuditTables.SigningKeys} is no key on P-256"));
        }

        return keys;
    }

    /// <summary>Of a key whose private half is nowhere here.</summary>
    public async Task AddPublicAsync(byte[] publicKey, string keyArn, DateTimeOffset now, CancellationToken ct)
    {
        using var key = SigningKeyPair.FromPublic(publicKey);
        await store.AddPublicAsync(key.Id, publicKey, keyArn, now, ct);
    }

    protected override Task<StoredSigningKey?> FindAsync(string provider, CancellationToken ct) => store.FindAsync(provider, ct);

    protected override Task AddAsync(StoredSigningKey key, CancellationToken ct) => store.AddAsync(key, ct);
}

/// <summary>What was sealed is not what is stored: somebody changed it.</summary>
internal sealed class SealDamagedException(string what) : Exception($"The seals of the audit trail are damaged: {what}.");
