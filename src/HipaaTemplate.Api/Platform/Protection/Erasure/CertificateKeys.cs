using System.Security.Cryptography;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>
/// The keys that sign certificates: one for each key provider that was in use, made when it is first needed.
/// The private half lies in the database, sealed under a key that the provider wraps; to verify, the public half
/// is enough, and the provider is not asked.
/// </summary>
internal sealed class CertificateKeys(
    OwnerDatabase database, KeyProviders providers, IOptions<ServerSettings> server, TimeProvider time)
{
    private const int Version = 1;

    private KeyContext Context =>
        new(server.Value.Environment.ToString().ToLowerInvariant(), Tenant: null, DataClass.General, Version);

    /// <summary>The key that signs now.</summary>
    /// <exception cref="KeyProviderException">The provider does not give it out.</exception>
    public async Task<CertificateKey> SigningAsync(CancellationToken ct)
    {
        var provider = providers.Current;
        if (await FindAsync(provider.Name, ct) is not { } stored)
        {
            await MakeAsync(provider, ct);
            stored = (await FindAsync(provider.Name, ct))!;
        }

        var wrapping = await provider.UnwrapAsync(new WrappedKey(stored.ProviderKeyId, stored.Wrapped), Context, ct);
        try
        {
            return Open(stored, wrapping);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapping);
        }
    }

    /// <returns>The public half of the key that signs now, which is made if there is none.</returns>
    public async Task<CertificateKey> PublicAsync(CancellationToken ct)
    {
        if (await FindAsync(providers.Current.Name, ct) is { } stored)
        {
            return CertificateKey.FromPublic(stored.PublicKey);
        }

        using var made = await SigningAsync(ct);
        return CertificateKey.FromPublic(made.Key.ExportSubjectPublicKeyInfo());
    }

    /// <returns>Null when this database has no such key.</returns>
    public async Task<CertificateKey?> FindPublicAsync(string id, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        var found = await db.Database.SqlQuery<byte[]>($"SELECT public_key AS \"Value\" FROM keys.signing_keys WHERE id = {id}").ToListAsync(ct);
        return found is [var publicKey] ? CertificateKey.FromPublic(publicKey) : null;
    }

    private async Task<StoredKey?> FindAsync(string provider, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        return (await db.Database.SqlQuery<StoredKey>($"""
            SELECT id AS "Id", public_key AS "PublicKey", private_key AS "PrivateKey", provider_key_id AS "ProviderKeyId", wrapped AS "Wrapped"
            FROM keys.signing_keys WHERE provider = {provider}
            """).ToListAsync(ct)).SingleOrDefault();
    }

    private async Task MakeAsync(IKeyProvider provider, CancellationToken ct)
    {
        var generated = await provider.GenerateAsync(Context, ct);
        using var made = CertificateKey.Make();
        var privateKey = Seal(made, generated.Plaintext);
        CryptographicOperations.ZeroMemory(generated.Plaintext);
        await using var db = database.CreateContext();
        // Somebody else may be making it at the same time; the first one's is used.
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO keys.signing_keys (id, public_key, private_key, provider, provider_key_id, wrapped, created_at)
            VALUES ({made.Id}, {made.Key.ExportSubjectPublicKeyInfo()}, {privateKey},
                {provider.Name}, {generated.Wrapped.KeyId}, {generated.Wrapped.Bytes}, {time.GetUtcNow()})
            ON CONFLICT (provider) DO NOTHING
            """, ct);
    }

    /// <summary>Nonce, ciphertext, tag (XAES-256-GCM). The context is authenticated with it.</summary>
    private byte[] Seal(CertificateKey key, byte[] wrapping)
    {
        var plaintext = key.Key.ExportPkcs8PrivateKey();
        var @sealed = new byte[Xaes256Gcm.NonceLength + plaintext.Length + CipherSuites.TagLength];
        var nonce = @sealed.AsSpan(0, Xaes256Gcm.NonceLength);
        RandomNumberGenerator.Fill(nonce);
        Xaes256Gcm.Encrypt(
            wrapping, nonce, plaintext,
            @sealed.AsSpan(nonce.Length, plaintext.Length), @sealed.AsSpan(^CipherSuites.TagLength..), Context.Encode());
        CryptographicOperations.ZeroMemory(plaintext);
        return @sealed;
    }

    private CertificateKey Open(StoredKey stored, byte[] wrapping)
    {
        var bytes = stored.PrivateKey.AsSpan();
        var plaintext = new byte[Math.Max(0, bytes.Length - Xaes256Gcm.NonceLength - CipherSuites.TagLength)];
        try
        {
            Xaes256Gcm.Decrypt(
                wrapping, bytes[..Xaes256Gcm.NonceLength], bytes[Xaes256Gcm.NonceLength..^CipherSuites.TagLength],
                bytes[^CipherSuites.TagLength..], plaintext, Context.Encode());
            var key = CertificateKey.FromPrivate(plaintext);
            return key.Id == stored.Id ? key : throw new AuthenticationTagMismatchException();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new KeyProviderException(KeyProviderFault.NotAuthentic, "the key that signs certificates is not the one that was made", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    private sealed record StoredKey(string Id, byte[] PublicKey, byte[] PrivateKey, string ProviderKeyId, byte[] Wrapped);
}
