using System.Buffers.Text;
using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Http;

/// <summary>
/// Where the next page of a list begins: the id of the last row seen, then a signature by which it
/// holds for the tenant, the user and the query it was given to. All of these are read from the
/// request, so a list has nothing to bind and nothing to forget.
/// </summary>
internal static class Cursor
{
    private const int IdLength = 16;
    private const int Length = IdLength + CursorSigner.SignatureLength;

    public static void AddCursors(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<CursorSigner>();

    /// <returns>The value of next_cursor on a page that ends with this row.</returns>
    public static string CursorAfter(this HttpRequest request, Guid lastId)
    {
        Span<byte> bytes = stackalloc byte[Length];
        lastId.TryWriteBytes(bytes, bigEndian: true, out _);
        SignerOf(request).Sign(request, bytes[..IdLength], bytes[IdLength..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <param name="request">Of the list, with every parameter that the page before was asked with.</param>
    /// <param name="cursor">
    /// The query parameter of that name. Under another name it would be one more filter that cursors
    /// are bound to, and none would fit.
    /// </param>
    /// <param name="lastId">The last row of the page before.</param>
    /// <returns>
    /// False for what was not given to this user of this tenant for this query: answer it with
    /// <see cref="Errors.RequestErrors.InvalidCursor"/>.
    /// </returns>
    public static bool TryReadCursor(this HttpRequest request, string cursor, out Guid lastId)
    {
        lastId = default;
        Span<byte> bytes = stackalloc byte[Length];
        if (cursor.Length != Base64Url.GetEncodedLength(Length)
            || !Base64Url.IsValid(cursor)
            || !Base64Url.TryDecodeFromChars(cursor, bytes, out var written)
            || written != Length)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[CursorSigner.SignatureLength];
        SignerOf(request).Sign(request, bytes[..IdLength], expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, bytes[IdLength..]))
        {
            return false;
        }

        lastId = new Guid(bytes[..IdLength], bigEndian: true);
        return true;
    }

    private static CursorSigner SignerOf(HttpRequest request) =>
        request.HttpContext.RequestServices.GetRequiredService<CursorSigner>();
}
