using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Primitives;

namespace HipaaTemplate.Platform.Http;

/// <summary>
/// HMAC-SHA256 (RFC 2104) over a cursor and what it is bound to. Each part goes in behind its length,
/// so no two requests give the same bytes.
/// </summary>
internal sealed class CursorSigner(DerivedKeys keys)
{
    public const int SignatureLength = HMACSHA256.HashSizeInBytes;

    private static readonly Comparison<KeyValuePair<string, StringValues>> ByName =
        (one, other) => string.Compare(one.Key, other.Key, StringComparison.OrdinalIgnoreCase);

    private readonly Lazy<byte[]> key = new(() => keys.For("cursor"));

    public void Sign(HttpRequest request, ReadOnlySpan<byte> id, Span<byte> signature)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Value);
        hmac.AppendData(id);
        AppendCaller(hmac, request.HttpContext);
        AppendRoute(hmac, request);
        AppendFilters(hmac, request.Query);
        hmac.GetHashAndReset(signature);
    }

    private static void AppendCaller(IncrementalHash hmac, HttpContext context)
    {
        var tenant = context.RequestServices.GetRequiredService<TenantContext>().Id;
        Span<byte> tenantBytes = stackalloc byte[16];
        tenant.Value.TryWriteBytes(tenantBytes, bigEndian: true, out _);
        hmac.AppendData(tenantBytes);

        var subject = context.User.FindFirst(TokenClaims.Subject)
            ?? throw new InvalidOperationException("A cursor belongs to somebody who signed in.");
        Append(hmac, subject.Issuer);
        Append(hmac, subject.Value);
    }

    /// <summary>The pattern and what stands in it: the notes of one patient are not those of the next.</summary>
    private static void AppendRoute(IncrementalHash hmac, HttpRequest request)
    {
        if (request.HttpContext.GetEndpoint() is not RouteEndpoint { RoutePattern: var pattern })
        {
            throw new InvalidOperationException("A cursor belongs to a route.");
        }

        Append(hmac, request.Method);
        Append(hmac, pattern.RawText);
        foreach (var parameter in pattern.Parameters)
        {
            Append(hmac, request.RouteValues[parameter.Name]?.ToString());
        }
    }

    /// <summary>
    /// Every query parameter but the two that turn pages, read by the endpoint or not. Names are in one
    /// order and regardless of case, as they are bound; the order of one name's values may matter.
    /// </summary>
    private static void AppendFilters(IncrementalHash hmac, IQueryCollection query)
    {
        List<KeyValuePair<string, StringValues>>? filters = null;
        foreach (var parameter in query)
        {
            if (!TurnsPages(parameter.Key))
            {
                (filters ??= []).Add(parameter);
            }
        }

        filters?.Sort(ByName);
        foreach (var (name, values) in filters ?? [])
        {
            Append(hmac, name.ToUpperInvariant());
            AppendNumber(hmac, values.Count);
            foreach (var value in values)
            {
                Append(hmac, value);
            }
        }
    }

    private static bool TurnsPages(string name) =>
        name.Equals("cursor", StringComparison.OrdinalIgnoreCase)
        || name.Equals("limit", StringComparison.OrdinalIgnoreCase);

    // The characters as they lie in memory: nothing to encode, and no two texts that encode alike.
    private static void Append(IncrementalHash hmac, string? text)
    {
        AppendNumber(hmac, text?.Length ?? -1);
        hmac.AppendData(MemoryMarshal.AsBytes(text.AsSpan()));
    }

    private static void AppendNumber(IncrementalHash hmac, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        hmac.AppendData(bytes);
    }
}
