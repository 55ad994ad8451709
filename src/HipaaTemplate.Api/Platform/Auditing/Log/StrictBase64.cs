using System.Diagnostics.CodeAnalysis;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>base64 of RFC 4648 §4, where each value has one spelling: no white space, no bits left over.</summary>
internal static class StrictBase64
{
    public static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        var buffer = new byte[text.Length];
        bytes = Convert.TryFromBase64String(text, buffer, out var written) ? buffer[..written] : null;
        // The framework takes white space and bits left over; writing it again finds both.
        return bytes is not null && Convert.ToBase64String(bytes) == text;
    }
}
