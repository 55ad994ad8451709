using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace HipaaTemplate.Platform.Protection;

/// <summary>A value as the bytes that are sealed: text as UTF-8, dates in ISO 8601, enums as two bytes. Never change one.</summary>
internal static class PhiEncoding<T>
    where T : notnull
{
    private const string DateFormat = "yyyy-MM-dd";
    private const int StackLimit = 512;

    public static bool IsSupported => typeof(T).IsEnum || typeof(T) == typeof(string) || typeof(T) == typeof(DateOnly)
        || typeof(T) == typeof(DateTimeOffset) || typeof(T) == typeof(byte[]);

    public static bool AreEqual(T left, T right) => left is byte[] bytes
        ? bytes.AsSpan().SequenceEqual((byte[])(object)right)
        : EqualityComparer<T>.Default.Equals(left, right);

    public static byte[] Seal(T value, PhiRow row, PhiColumn column)
    {
        if (value is byte[] bytes)
        {
            return row.Seal(column, bytes);
        }

        if (typeof(T).IsEnum)
        {
            Span<byte> number = stackalloc byte[sizeof(short)];
            BinaryPrimitives.WriteInt16BigEndian(number, Convert.ToInt16(value, CultureInfo.InvariantCulture));
            return row.Seal(column, number);
        }

        var text = ToText(value);
        var length = Encoding.UTF8.GetByteCount(text);
        var utf8 = length <= StackLimit ? stackalloc byte[length] : new byte[length];
        Encoding.UTF8.GetBytes(text, utf8);
        try
        {
            return row.Seal(column, utf8);
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(utf8);
        }
    }

    public static T Open(byte[] envelope, PhiRow row, PhiColumn column) => row.Open(envelope, column, Decode);

    /// <summary>For a blind index.</summary>
    public static string ToText(T value) => value switch
    {
        string text => text,
        DateOnly date => date.ToString(DateFormat, CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException($"{typeof(T).Name} is not text."),
    };

    private static T Decode(ReadOnlySpan<byte> bytes)
    {
        if (typeof(T) == typeof(string))
        {
            return (T)(object)Encoding.UTF8.GetString(bytes);
        }

        if (typeof(T) == typeof(DateOnly))
        {
            Span<char> text = stackalloc char[DateFormat.Length];
            Encoding.UTF8.GetChars(bytes, text);
            return (T)(object)DateOnly.ParseExact(text, DateFormat, CultureInfo.InvariantCulture);
        }

        if (typeof(T) == typeof(DateTimeOffset))
        {
            return (T)(object)DateTimeOffset.ParseExact(Encoding.UTF8.GetString(bytes), "O", CultureInfo.InvariantCulture);
        }

        return typeof(T) == typeof(byte[])
            ? (T)(object)bytes.ToArray()
            : (T)Enum.ToObject(typeof(T), BinaryPrimitives.ReadInt16BigEndian(bytes));
    }
}
