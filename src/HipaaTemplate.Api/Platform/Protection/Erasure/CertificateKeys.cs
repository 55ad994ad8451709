using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Signing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>The keys that sign certificates of erasure. Only the owner reads them.</summary>
internal sealed class CertificateKeys(
    OwnerDatabase database, KeyProviders providers, IOptions<ServerSettings> server, TimeProvider time)
    : SigningKeys(providers, server, time)
{
    /// <returns>Null when this database has no such key.</returns>
    public async Task<SigningKeyPair?> FindPublicAsync(string id, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        var found = await db.Database.SqlQuery<byte[]>($"SELECT public_key AS \"Value\" FROM keys.signing_keys WHERE id = {id}").ToListAsync(ct);
        return found is [var publicKey] ? SigningKeyPair.FromPublic(publicKey) : null;
    }

    protected override async Task<StoredSigningKey?> FindAsync(string provider, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        return (await db.Database.SqlQuery<StoredSigningKey>($"""
            SELECT id AS "Id", public_key AS "PublicKey", private_key AS "PrivateKey", provider AS "Provider",
                provider_key_id AS "ProviderKeyId", wrapped AS "Wrapped", created_at AS "CreatedAt"
            FROM keys.signing_keys WHERE provider = {provider}
            """).ToListAsync(ct)).SingleOrDefault();
    }

    protected override async Task AddAsync(StoredSigningKey key, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO keys.signing_keys (id, public_key, private_key, provider, provider_key_id, wrapped, created_at)
            VALUES ({key.Id}, {key.PublicKey}, {key.PrivateKey}, {key.Provider}, {key.ProviderKeyId}, {key.Wrapped}, {key.CreatedAt})
            ON CONFLICT (provider) DO NOTHING
            """, ct);
    }
}
