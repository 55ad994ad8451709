using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>What c2sp.org/signed-note allows in a note and in the name of a key.</summary>
internal static class NoteText
{
    // Throws at what is no UTF-8, where the framework's usual one writes replacement characters.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether every character can stand in a note: no control characters but newlines, no half of a pair.</summary>
    public static bool IsText(string text)
    {
        if (text.Any(character => character < ' ' && character != '\n'))
        {
            return false;
        }

        try
        {
            Strict.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>The same of one line, without its newline.</summary>
    public static bool IsLine(string line) => line.Length > 0 && !line.Contains('\n', StringComparison.Ordinal) && IsText(line);

    /// <summary>Not empty, without spaces of any script, without plus.</summary>
    public static bool IsName(string name) =>
        IsLine(name) && !name.Contains('+', StringComparison.Ordinal) && !name.Any(char.IsWhiteSpace);

    /// <returns>False at bytes that are no UTF-8 or hold what cannot stand in a note.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        text = null;
        try
        {
            var decoded = Strict.GetString(bytes);
            text = IsText(decoded) ? decoded : null;
        }
        catch (DecoderFallbackException)
        {
            // No UTF-8.
        }

        return text is not null;
    }

    public static byte[] Encode(string text) => Strict.GetBytes(text);
}
