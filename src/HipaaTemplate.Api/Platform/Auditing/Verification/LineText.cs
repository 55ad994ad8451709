using System.Buffers.Text;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>Ids, times and base64 in their one spelling, from UTF-8.</summary>
internal static class LineText
{
    public const int IdLength = 16;

    /// <summary>Of <c>2026-11</c>, with which a time begins as well.</summary>
    public const int MonthLength = 7;

    private const int IdTextLength = 36;
    private const int FirstYear = 1970;
    private const int MicrosecondsLength = 27;
    private const int SecondsLength = 20;

    // Room for the longest that is read here: a hash.
    private const int MostEncoded = 64;

    /// <param name="text">Lower-case, with hyphens.</param>
    /// <param name="id">Gets 16 bytes in the order of the digits.</param>
    public static bool TryReadId(ReadOnlySpan<byte> text, Span<byte> id)
    {
        if (text.Length != IdTextLength)
        {
            return false;
        }

        for (int at = 0, digit = 0; at < IdTextLength; at++)
        {
            if (at is 8 or 13 or 18 or 23)
            {
                if (text[at] != '-')
                {
                    return false;
                }

                continue;
            }

            var value = text[at] switch
            {
                >= (byte)'0' and <= (byte)'9' => text[at] - '0',
                >= (byte)'a' and <= (byte)'f' => text[at] - 'a' + 10,
                _ => -1,
            };
            if (value < 0)
            {
                return false;
            }

            id[digit / 2] = (byte)(digit % 2 == 0 ? value << 4 : id[digit / 2] | value);
            digit++;
        }

        return true;
    }

    /// <param name="text">As <c>2026-11-28T10:15:00.123456Z</c>.</param>
    /// <param name="microseconds">Since 1970.</param>
    public static bool TryReadMicroseconds(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (text.Length != MicrosecondsLength || text[19] != '.' || text[^1] != 'Z'
            || !TryReadSeconds(text[..19], out var time) || !TryReadDigits(text[20..26], out var fraction))
        {
            return false;
        }

        microseconds = ((time - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond) + fraction;
        return true;
    }

    /// <param name="text">As <c>2026-11-28T10:15:00Z</c>.</param>
    public static bool TryReadTime(ReadOnlySpan<byte> text, out DateTime time)
    {
        time = default;
        return text.Length == SecondsLength && text[^1] == 'Z' && TryReadSeconds(text[..19], out time);
    }

    /// <summary>As <c>2026-11</c>.</summary>
    public static bool IsMonth(ReadOnlySpan<byte> text) => text.Length == MonthLength && text[4] == '-'
        && TryReadDigits(text[..4], out var year) && year >= FirstYear && TryReadDigits(text[5..], out var month) && month is >= 1 and <= 12;

    /// <param name="destination">Has as many bytes as must come out.</param>
    public static bool TryReadBase64(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        // Written again, because the framework takes white space and bits left over.
        Span<byte> again = stackalloc byte[MostEncoded];
        return text.Length == Base64.GetMaxEncodedToUtf8Length(destination.Length)
            && Base64.DecodeFromUtf8(text, destination, out _, out var read) == System.Buffers.OperationStatus.Done
            && read == destination.Length
            && Base64.EncodeToUtf8(destination, again, out _, out var written) == System.Buffers.OperationStatus.Done
            && again[..written].SequenceEqual(text);
    }

    private static bool TryReadSeconds(ReadOnlySpan<byte> text, out DateTime time)
    {
        time = default;
        if (!IsMonth(text[..7]) || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':'
            || !TryReadDigits(text[..4], out var year) || !TryReadDigits(text[5..7], out var month)
            || !TryReadDigits(text[8..10], out var day) || day < 1 || day > DateTime.DaysInMonth(year, month)
            || !TryReadDigits(text[11..13], out var hour) || hour > 23
            || !TryReadDigits(text[14..16], out var minute) || minute > 59
            || !TryReadDigits(text[17..19], out var second) || second > 59)
        {
            return false;
        }

        time = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc);
        return true;
    }

    private static bool TryReadDigits(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            number = (10 * number) + digit - '0';
        }

        return true;
    }
}
