namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>The lines of a stream, one at a time in one buffer.</summary>
internal sealed class LineReader(Stream stream)
{
    /// <summary>Longest line, in bytes.</summary>
    public const int MaximumLength = 1024 * 1024;

    // Room for the longest line, its newline and what is read with it.
    private readonly byte[] buffer = new byte[2 * MaximumLength];
    private int start;
    private int end;
    private int lineStart;
    private int lineLength;

    /// <summary>Of the line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Then it was passed over.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Without its newline; good until the next one is read.</summary>
    public ReadOnlySpan<byte> Line => buffer.AsSpan(lineStart, IsTooLong ? 0 : lineLength);

    /// <returns>False at the end. The last line may lack its newline.</returns>
    public bool Read()
    {
        IsTooLong = false;
        for (var scanned = 0; ;)
        {
            var at = buffer.AsSpan(start + scanned, end - start - scanned).IndexOf((byte)'\n');
            if (at >= 0)
            {
                return Take(scanned + at, newline: 1);
            }

            scanned = end - start;
            if (scanned > MaximumLength)
            {
                IsTooLong = true;
                (start, end, scanned) = (0, 0, 0);
            }

            if (!Fill())
            {
                return (scanned > 0 || IsTooLong) && Take(scanned, newline: 0);
            }
        }
    }

    private bool Take(int length, int newline)
    {
        (lineStart, lineLength) = (start, length);
        start += length + newline;
        IsTooLong |= length > MaximumLength;
        Number++;
        return true;
    }

    private bool Fill()
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        (start, end) = (0, end - start);
        var read = stream.Read(buffer, end, buffer.Length - end);
        end += read;
        return read > 0;
    }
}
