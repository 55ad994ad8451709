using System.Collections.Concurrent;

namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>
/// Key objects of the framework, one for each thread at work: it does not promise that one may be shared, and
/// making one takes longer than checking a signature with it.
/// </summary>
internal sealed class KeyPool<TKey>(Func<TKey> create)
    where TKey : class, IDisposable
{
    private static readonly int MostIdle = Environment.ProcessorCount;

    private readonly ConcurrentQueue<TKey> idle = new();

    public bool Use<TState>(TState state, Func<TKey, TState, bool> verify)
    {
        var key = idle.TryDequeue(out var known) ? known : create();
        // One that threw is not used again.
        var result = verify(key, state);
        if (idle.Count < MostIdle)
        {
            idle.Enqueue(key);
        }
        else
        {
            key.Dispose();
        }

        return result;
    }
}
