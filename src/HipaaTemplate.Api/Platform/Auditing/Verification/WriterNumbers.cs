using System.Numerics;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>Which numbers of one writer were seen: a bit each, because they come in any order.</summary>
internal sealed class WriterNumbers
{
    private const int PageBits = 64;

    private readonly Dictionary<long, ulong> pages = [];
    private readonly HashSet<long> voids = [];
    private long first = long.MaxValue;
    private long last = long.MinValue;

    /// <returns>False when it was seen before.</returns>
    public bool TryAdd(long number)
    {
        var bit = 1UL << (int)(number % PageBits);
        ref var page = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(pages, number / PageBits, out _);
        var isNew = (page & bit) == 0;
        page |= bit;
        (first, last) = (Math.Min(first, number), Math.Max(last, number));
        return isNew;
    }

    /// <summary>It may be missing.</summary>
    public void AddVoid(long number) => voids.Add(number);

    /// <returns>Null when none is missing between the first and the last.</returns>
    public long? FirstMissing()
    {
        var seen = pages.Values.Sum(page => (long)BitOperations.PopCount(page));
        var excused = voids.LongCount(number => number > first && number < last && !IsSeen(number));
        if (last - first + 1 == seen + excused)
        {
            return null;
        }

        // As many steps as there are numbers seen, however far apart they are.
        var missing = first;
        while (IsSeen(missing) || voids.Contains(missing))
        {
            missing++;
        }

        return missing;
    }

    private bool IsSeen(long number) => (pages.GetValueOrDefault(number / PageBits) & (1UL << (int)(number % PageBits))) != 0;
}
