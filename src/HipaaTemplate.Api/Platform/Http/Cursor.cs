using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace HipaaTemplate.Platform.Http;

/// <summary>
/// Where the next page of a list begins: the id of the last row seen, base64url. Rows are looked up
/// inside the caller's tenant, so a made-up cursor only moves the caller about in its own list.
/// </summary>
internal static class Cursor
{
    private const int Length = 16;

    public static string Encode(Guid lastId)
    {
        Span<byte> bytes = stackalloc byte[Length];
        lastId.TryWriteBytes(bytes, bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryDecode([NotNullWhen(true)] string? text, out Guid lastId)
    {
        lastId = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (text is null
            || text.Length > 2 * Length
            || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, bytes, out var written)
            || written != Length)
        {
            return false;
        }

        lastId = new Guid(bytes, bigEndian: true);
        return true;
    }
}
