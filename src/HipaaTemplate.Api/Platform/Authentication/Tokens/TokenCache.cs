using System.Collections.Concurrent;

namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>
/// Tokens that were checked, so that a signature is computed once for each and not once for each request.
/// Whether a token may still be used is not decided here. Only good tokens come in, so nobody fills it with
/// inventions; it is bounded by forgetting, when one half is full, what was not used since the last time.
/// </summary>
internal sealed class TokenCache(int most = TokenCache.Most)
{
    private const int Most = 20_000;

    private readonly Lock gate = new();
    private volatile ConcurrentDictionary<TokenDigest, AccessToken> recent = new();
    private volatile ConcurrentDictionary<TokenDigest, AccessToken> older = new();
    private int recentCount;

    public int Count => recent.Count + older.Count;

    public AccessToken? Find(TokenDigest digest)
    {
        if (recent.TryGetValue(digest, out var token))
        {
            return token;
        }

        if (older.TryGetValue(digest, out token))
        {
            Add(digest, token);
        }

        return token;
    }

    public void Add(TokenDigest digest, AccessToken token)
    {
        if (recent.TryAdd(digest, token) && Interlocked.Increment(ref recentCount) >= most / 2)
        {
            Forget();
        }
    }

    public void Remove(TokenDigest digest)
    {
        older.TryRemove(digest, out _);
        recent.TryRemove(digest, out _);
    }

    private void Forget()
    {
        lock (gate)
        {
            if (recentCount >= most / 2)
            {
                older = recent;
                recent = new ConcurrentDictionary<TokenDigest, AccessToken>();
                recentCount = 0;
            }
        }
    }
}
