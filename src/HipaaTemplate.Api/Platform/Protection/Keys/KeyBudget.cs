namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>
/// Values that this node may still seal under one version of a tenant's key. The database counts blocks of
/// them before they are used, so that all nodes together stay below the limit whatever happens to one.
/// </summary>
internal sealed class KeyBudget
{
    /// <summary>From here on operators are told (half of <see cref="RotateAt"/>).</summary>
    public const long AlarmAt = 1L << 30;

    /// <summary>
    /// From here on a new version is made without being asked for: half of what NIST SP 800-38D §8.3 allows
    /// for random nonces of 96 bits. A patient's own key seals far fewer; this counts the tenant's.
    /// </summary>
    public const long RotateAt = 1L << 31;

    /// <summary>Nothing is sealed beyond this.</summary>
    public const long Limit = 1L << 32;

    private const long FirstBlock = 1024;
    private const long LargestBlock = 65_536;

    private long remaining;
    private long nextBlock = FirstBlock;

    /// <summary>False when a block has to be counted first.</summary>
    public bool TryTake(long values)
    {
        if (Interlocked.Add(ref remaining, -values) >= 0)
        {
            return true;
        }

        Interlocked.Add(ref remaining, values);
        return false;
    }

    /// <summary>Small at first, so that a node which seals little does not count much.</summary>
    public long NextBlock(long atLeast)
    {
        var block = Math.Max(Interlocked.Read(ref nextBlock), atLeast);
        Interlocked.Exchange(ref nextBlock, Math.Min(block * 2, LargestBlock));
        return block;
    }

    public void Add(long block) => Interlocked.Add(ref remaining, block);
}
