using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>Memory for the patients' keys of one unit of work: pinned, wiped at its end, used again by another.</summary>
internal sealed class KeyMemory : IDisposable
{
    private static readonly ConcurrentBag<byte[]> Free = [];

    /// <summary>128 keys: a page of a list, and some.</summary>
    private const int SlabLength = 128 * SecretKey.Length;

    private readonly List<byte[]> slabs = [];
    private readonly Lock gate = new();
    private int keys;
    private bool isDisposed;

    /// <summary>Locked: two rows must never share a key's place, whatever a caller does at the same time.</summary>
    public Memory<byte> Next()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            var offset = keys * SecretKey.Length % SlabLength;
            if (offset == 0)
            {
                slabs.Add(Free.TryTake(out var slab) ? slab : GC.AllocateArray<byte>(SlabLength, pinned: true));
            }

            keys++;
            return slabs[^1].AsMemory(offset, SecretKey.Length);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            foreach (var slab in slabs)
            {
                CryptographicOperations.ZeroMemory(slab);
                Free.Add(slab);
            }

            slabs.Clear();
        }
    }
}
