using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>SHA-256 of a token. What is kept in memory for a while is this, not the token.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct TokenDigest(UInt128 High, UInt128 Low)
{
    private const int MostOnStack = 2048;

    /// <param name="token">Of ASCII characters.</param>
    /// <exception cref="ArgumentException">It has others, which two texts could lose and then be one.</exception>
    public static TokenDigest Of(ReadOnlySpan<char> token)
    {
        byte[]? rented = null;
        var bytes = token.Length <= MostOnStack
            ? stackalloc byte[MostOnStack]
            : rented = ArrayPool<byte>.Shared.Rent(token.Length);
        try
        {
            if (Ascii.FromUtf16(token, bytes, out var written) != OperationStatus.Done)
            {
                throw new ArgumentException("A token has ASCII characters only.", nameof(token));
            }

            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(bytes[..written], hash);
            return MemoryMarshal.Read<TokenDigest>(hash);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented, clearArray: true);
            }
        }
    }

    // Any part of a digest is as good as a hash of it.
    public override int GetHashCode() => (int)Low;
}
