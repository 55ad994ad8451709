using System.Security.Cryptography;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Signing;

/// <summary>
/// Keys that sign: one for each key provider that was in use, made when it is first needed. The private half
/// lies in the database, sealed under a key that the provider wraps; to verify, the public half is enough, and
/// the provider is not asked.
/// </summary>
internal abstract class SigningKeys(KeyProviders providers, IOptions<ServerSettings> server, TimeProvider time)
{
    private const int Version = 1;

    private KeyContext Context =>
        new(server.Value.Environment.ToString().ToLowerInvariant(), Tenant: null, DataClass.General, Version);

    /// <summary>The key that signs now.</summary>
    /// <exception cref="KeyProviderException">The provider does not give it out.</exception>
    public async Task<SigningKeyPair> SigningAsync(CancellationToken ct)
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
    public async Task<SigningKeyPair> PublicAsync(CancellationToken ct)
    {
        if (await FindAsync(providers.Current.Name, ct) is { } stored)
        {
            return SigningKeyPair.FromPublic(stored.PublicKey);
        }

        using var made = await SigningAsync(ct);
        return SigningKeyPair.FromPublic(made.Key.ExportSubjectPublicKeyInfo());
    }

    protected abstract Task<StoredSigningKey?> FindAsync(string provider, CancellationToken ct);

    /// <summary>Somebody else may be making it at the same time; the first one's is used.</summary>
    protected abstract Task AddAsync(StoredSigningKey key, CancellationToken ct);

    private async Task MakeAsync(IKeyProvider provider, CancellationToken ct)
    {
        var generated = await provider.GenerateAsync(Context, ct);
        using var made = SigningKeyPair.Make();
        var privateKey = Seal(made, generated.Plaintext);
        CryptographicOperations.ZeroMemory(generated.Plaintext);
        await AddAsync(
            new StoredSigningKey(
                made.Id, made.Key.ExportSubjectPublicKeyInfo(), privateKey, provider.Name, generated.Wrapped.KeyId, generated.Wrapped.Bytes, time.GetUtcNow()),
            ct);
    }

    /// <summary>Nonce, ciphertext, tag (XAES-256-GCM). The context is authenticated with it.</summary>
    private byte[] Seal(SigningKeyPair key, byte[] wrapping)
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

    private SigningKeyPair Open(StoredSigningKey stored, byte[] wrapping)
    {
        var bytes = stored.PrivateKey.AsSpan();
        var plaintext = new byte[Math.Max(0, bytes.Length - Xaes256Gcm.NonceLength - CipherSuites.TagLength)];
        try
        {
            Xaes256Gcm.Decrypt(
                wrapping, bytes[..Xaes256Gcm.NonceLength], bytes[Xaes256Gcm.NonceLength..^CipherSuites.TagLength],
                bytes[^CipherSuites.TagLength..], plaintext, Context.Encode());
            var key = SigningKeyPair.FromPrivate(plaintext);
            return key.Id == stored.Id ? key : throw new AuthenticationTagMismatchException();
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new KeyProviderException(KeyProviderFault.NotAuthentic, "the key that signs is not the one that was made", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }
}

/// <param name="Id">The JWK thumbprint (RFC 7638).</param>
/// <param name="PublicKey">SubjectPublicKeyInfo.</param>
/// <param name="PrivateKey">PKCS #8, sealed with XAES-256-GCM under the key that is wrapped here.</param>
/// <param name="Provider">Who wrapped it.</param>
/// <param name="ProviderKeyId">What the provider calls the key it is wrapped with.</param>
/// <param name="Wrapped">By the provider.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record StoredSigningKey(
    string Id, byte[] PublicKey, byte[] PrivateKey, string Provider, string ProviderKeyId, byte[] Wrapped, DateTimeOffset CreatedAt);
