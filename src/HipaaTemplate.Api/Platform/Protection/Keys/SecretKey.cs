using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>32 bytes that the garbage collector neither copies about nor leaves behind.</summary>
internal sealed class SecretKey : IDisposable
{
    public const int Length = 32;

    // Pinned: a moved array would leave a copy that nobody wipes.
    private readonly byte[] bytes = GC.AllocateUninitializedArray<byte>(Length, pinned: true);
    private bool isWiped;

    public SecretKey(ReadOnlySpan<byte> key) => key[..Length].CopyTo(bytes);

#pragma warning disable MA0055 // For a ring that nobody let go of; its keys must not outlive it in memory.
    ~SecretKey() => CryptographicOperations.ZeroMemory(bytes);
#pragma warning restore MA0055

    /// <exception cref="ObjectDisposedException">It was wiped; nothing may be sealed with what is left.</exception>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(isWiped, this);
            return bytes;
        }
    }

    public void Dispose()
    {
        isWiped = true;
        CryptographicOperations.ZeroMemory(bytes);
        GC.SuppressFinalize(this);
    }
}
