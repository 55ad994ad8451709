using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Protection.Providers;

/// <summary>
/// For a service that encrypts what it is given and makes no keys itself that are bound to a context: keys
/// are made here and wrapped there.
/// </summary>
internal abstract class WrappingKeyProvider : IKeyProvider
{
    private const int KeyLength = 32;

    /// <summary>Of a wrapped key.</summary>
    protected const int MostBytes = 1024;

    public abstract string Name { get; }

    public abstract Task<byte[]> UnwrapAsync(WrappedKey key, KeyContext context, CancellationToken ct);

    public async Task<GeneratedKey> GenerateAsync(KeyContext context, CancellationToken ct)
    {
        var key = RandomNumberGenerator.GetBytes(KeyLength);
        try
        {
            return new GeneratedKey(key, await WrapAndTryAsync(key, context, ct));
        }
        catch
        {
            CryptographicOperations.ZeroMemory(key);
            throw;
        }
    }

    public async Task<WrappedKey> RewrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        var plaintext = await UnwrapAsync(key, context, ct);
        try
        {
            return await WrapAndTryAsync(plaintext, context, ct);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    /// <summary>Under the key that the settings name for the context's class.</summary>
    protected abstract Task<WrappedKey> WrapAsync(byte[] key, KeyContext context, CancellationToken ct);

    /// <summary>Wipes what is no key.</summary>
    protected static byte[] KeyOf(byte[]? bytes)
    {
        if (bytes is { Length: KeyLength })
        {
            return bytes;
        }

        CryptographicOperations.ZeroMemory(bytes);
        throw new KeyProviderException(KeyProviderFault.NotAuthentic, "answer_is_no_key");
    }

    /// <summary>
    /// What a tenant's data is sealed with from now on, or what takes the place of a wrapped key that opens, has
    /// been seen to open.
    /// </summary>
    private async Task<WrappedKey> WrapAndTryAsync(byte[] key, KeyContext context, CancellationToken ct)
    {
        var wrapped = await WrapAsync(key, context, ct);
        var opened = await UnwrapAsync(wrapped, context, ct);
        var same = CryptographicOperations.FixedTimeEquals(opened, key);
        CryptographicOperations.ZeroMemory(opened);
        return same ? wrapped : throw new KeyProviderException(KeyProviderFault.NotAuthentic, "answer_is_another_key");
    }
}
