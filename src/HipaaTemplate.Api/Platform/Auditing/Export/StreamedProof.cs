using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>
/// A proof of inclusion (RFC 9162 §2.1.3.1) from leaf hashes that pass by once: of the siblings on the way to the
/// root each is the root of a range of leaves, and each range has a tree of its own.
/// </summary>
internal static class StreamedProof
{
    /// <param name="hashes">In order; those after the size are left alone.</param>
    /// <param name="index">Of the leaf.</param>
    /// <param name="size">Of the tree.</param>
    /// <exception cref="InvalidOperationException">There are fewer.</exception>
    public static async Task<byte[][]> InclusionAsync(IAsyncEnumerable<byte[]> hashes, long index, long size)
    {
        var siblings = SiblingsOf(index, size);
        var trees = siblings.Select(_ => new MerkleTree()).ToList();
        var position = 0L;
        await foreach (var hash in hashes)
        {
            if (position == size)
            {
                break;
            }

            var sibling = siblings.FindIndex(range => position >= range.From && position < range.To);
            if (sibling >= 0)
            {
                trees[sibling].Append(hash);
            }

            position++;
        }

        return position == size ? [.. trees.Select(tree => tree.Root())] : throw new InvalidOperationException("The tree has fewer leaves.");
    }

    /// <summary>From the leaf to the root.</summary>
    private static List<(long From, long To)> SiblingsOf(long index, long size)
    {
        List<(long From, long To)> siblings = [];
        var (from, to) = (0L, size);
        while (to - from > 1)
        {
            // The largest power of two that is smaller than the number of leaves.
            var split = from + 1;
            while (split - from < (to - from + 1) / 2 && 2 * (split - from) < to - from)
            {
                split = from + (2 * (split - from));
            }

            if (index < split)
            {
                siblings.Insert(0, (split, to));
                to = split;
            }
            else
            {
                siblings.Insert(0, (from, split));
                from = split;
            }
        }

        return siblings;
    }
}
