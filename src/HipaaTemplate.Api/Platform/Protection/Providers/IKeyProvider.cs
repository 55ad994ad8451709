namespace HipaaTemplate.Platform.Protection.Providers;

/// <summary>
/// The service that holds the keys which wrap the tenants' keys; its own never leave it. Every
/// implementation passes one suite of tests, KeyProviderContract.
/// </summary>
/// <remarks>
/// Every method throws <see cref="KeyProviderException"/> and, when <c>ct</c> was cancelled,
/// <see cref="OperationCanceledException"/>; nothing else, whatever the service answers. A call may take
/// some seconds; the caller sets the deadline. Instances are shared by all threads.
/// </remarks>
internal interface IKeyProvider
{
    /// <summary>As KEY_PROVIDER names it. Stored beside each key it wrapped, so it never changes.</summary>
    string Name { get; }

    /// <summary>A new random key of 32 bytes, in clear and wrapped for this context.</summary>
    Task<GeneratedKey> GenerateAsync(KeyContext context, CancellationToken ct);

    /// <returns>The 32 bytes in clear; the caller wipes them.</returns>
    Task<byte[]> UnwrapAsync(WrappedKey key, KeyContext context, CancellationToken ct);

    /// <summary>
    /// The same key under the provider's key of today: the one that the settings name for the context's class,
    /// in its newest version. Inside the service where it can do that.
    /// </summary>
    Task<WrappedKey> RewrapAsync(WrappedKey key, KeyContext context, CancellationToken ct);
}

/// <param name="KeyId">The provider's key it is wrapped with, for people and for `keys status`.</param>
/// <param name="Bytes">Opaque; at most 1 KiB.</param>
internal sealed record WrappedKey(string KeyId, byte[] Bytes);

/// <param name="Plaintext">32 bytes; the caller wipes them.</param>
internal sealed record GeneratedKey(byte[] Plaintext, WrappedKey Wrapped);
