using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Protection.Search;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// Finds patients' words in bytes, in whatever form they may have got there: in another case or encoding,
/// escaped, encoded, or hashed without a key.
/// </summary>
internal sealed class Canaries
{
    /// <summary>Less would be found by chance.</summary>
    private const int ShortestForm = 8;

    private readonly List<(string Name, byte[] Bytes)> forms = [];
    private readonly FrozenDictionary<uint, int[]> byPrefix;
    private readonly bool[] mayBegin = new bool[ushort.MaxValue + 1];

    /// <param name="words">By field; texts, or dates as in JSON.</param>
    public Canaries(IReadOnlyDictionary<string, string> words)
    {
        Words = words;
        foreach (var (field, word) in words)
        {
            var found = FormsOf(word).Where(form => form.Bytes.Length >= ShortestForm).DistinctBy(form => Convert.ToHexString(form.Bytes));
            forms.AddRange(found.Select(form => ($"{field} as {form.Form}", form.Bytes)));
        }

        byPrefix = forms.Select((form, i) => (Prefix: MemoryMarshal.Read<uint>(form.Bytes), i))
            .GroupBy(form => form.Prefix, form => form.i).ToFrozenDictionary(group => group.Key, group => group.ToArray());
        forms.ForEach(form => mayBegin[MemoryMarshal.Read<ushort>(form.Bytes)] = true);
    }

    public IReadOnlyDictionary<string, string> Words { get; }

    /// <summary>Every form of every word, with its bytes: what <see cref="FindIn(ReadOnlySpan{byte})"/> must find.</summary>
    public IReadOnlyList<(string Name, byte[] Bytes)> Forms => forms;

    public IReadOnlyList<string> FindIn(string text) => FindIn(Encoding.UTF8.GetBytes(text));

    /// <summary>"field as form" of each that occurs. One pass, because there are hundreds of forms and many megabytes.</summary>
    public IReadOnlyList<string> FindIn(ReadOnlySpan<byte> bytes)
    {
        SortedSet<string> found = new(StringComparer.Ordinal);
        for (var i = 0; i <= bytes.Length - ShortestForm; i++)
        {
            if (mayBegin[MemoryMarshal.Read<ushort>(bytes[i..])]
                && byPrefix.TryGetValue(MemoryMarshal.Read<uint>(bytes[i..]), out var candidates))
            {
                foreach (var candidate in candidates)
                {
                    if (bytes[i..].StartsWith(forms[candidate].Bytes))
                    {
                        found.Add(forms[candidate].Name);
                    }
                }
            }
        }

        return [.. found];
    }

    private static IEnumerable<(string Form, byte[] Bytes)> FormsOf(string word)
    {
        foreach (var (spelling, text) in Spellings(word))
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            var escaped = JsonSerializer.Serialize(text)[1..^1];
            yield return ($"{spelling}, UTF-8", utf8);
            yield return ($"{spelling}, Latin-1", Encoding.Latin1.GetBytes(text));
            yield return ($"{spelling}, UTF-16", Encoding.Unicode.GetBytes(text));
            yield return ($"{spelling}, UTF-16 big endian", Encoding.BigEndianUnicode.GetBytes(text));
            yield return ($"{spelling}, escaped for JSON", Ascii(escaped));
            yield return ($"{spelling}, escaped for JSON in JSON", Ascii(JsonSerializer.Serialize(escaped)[1..^1]));
            yield return ($"{spelling}, URL-encoded", Ascii(Uri.EscapeDataString(text)));
            yield return ($"{spelling}, URL-encoded in small letters", Ascii(SmallEscapes(Uri.EscapeDataString(text))));
            yield return ($"{spelling}, form-encoded", Ascii(System.Net.WebUtility.UrlEncode(text)));
            yield return ($"{spelling}, for HTML", Encoding.UTF8.GetBytes(System.Net.WebUtility.HtmlEncode(text)));
            yield return ($"{spelling}, octal as PostgreSQL escapes bytes", Ascii(Octal(utf8)));
            yield return ($"{spelling}, hexadecimal", Ascii(Convert.ToHexStringLower(utf8)));
            yield return ($"{spelling}, hexadecimal in capitals", Ascii(Convert.ToHexString(utf8)));
            foreach (var (form, base64) in Base64(utf8))
            {
                yield return ($"{spelling}, {form}", base64);
            }

            foreach (var (form, hash) in Hashes(utf8))
            {
                yield return ($"{spelling}, {form}", hash);
                yield return ($"{spelling}, {form} in hexadecimal", Ascii(Convert.ToHexStringLower(hash)));
                yield return ($"{spelling}, {form} in base64", Ascii(Convert.ToBase64String(hash)));
            }
        }
    }

    /// <summary>As it was said, and as software writes it: in one case, without marks, its digits, a date in other orders.</summary>
    private static IEnumerable<(string Spelling, string Text)> Spellings(string word)
    {
        yield return ("as it is", word);
        yield return ("in capitals", word.ToUpperInvariant());
        yield return ("in small letters", word.ToLowerInvariant());
        yield return ("without marks", Normaliser.Name.Apply(word));
        // Fewer, and one would be found by chance among hexadecimal digits.
        if (Normaliser.Phone.Apply(word) is { Length: >= 12 } digits)
        {
            yield return ("its digits", digits);
        }

        if (DateOnly.TryParseExact(word, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            foreach (var order in new[] { "MM/dd/yyyy", "M/d/yyyy", "dd.MM.yyyy", "d.M.yyyy", "yyyy/MM/dd", "dd MMM yyyy" })
            {
                yield return (order, date.ToString(order, CultureInfo.InvariantCulture));
            }
        }

        // A text that was split at its line breaks.
        foreach (var line in word.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            yield return ("a line of it", line);
        }
    }

    /// <summary>At each of the three places that its first byte may have in a longer text, less what its neighbours decide.</summary>
    private static IEnumerable<(string Form, byte[] Bytes)> Base64(byte[] utf8)
    {
        for (var offset = 0; offset < 3; offset++)
        {
            var text = Convert.ToBase64String([.. new byte[offset], .. utf8]);
            var from = (int)Math.Ceiling(offset * 8 / 6.0);
            var whole = text[from..((offset + utf8.Length) * 8 / 6)];
            yield return ($"base64 at {offset}", Ascii(whole));
            yield return ($"base64url at {offset}", Ascii(whole.Replace('+', '-').Replace('/', '_')));
        }
    }

    /// <summary>Their beginning: a hash may have been cut. Of 15 bytes base64 has whole letters.</summary>
    private static IEnumerable<(string Form, byte[] Bytes)> Hashes(byte[] utf8) => new[]
    {
        ("SHA-256", SHA256.HashData(utf8)), ("SHA-512", SHA512.HashData(utf8)),
#pragma warning disable CA5350, CA5351 // Looked for, because others use them.
        ("SHA-1", SHA1.HashData(utf8)), ("MD5", MD5.HashData(utf8)),
#pragma warning restore CA5350, CA5351
    }.Select(hash => (hash.Item1, hash.Item2[..15]));

    private static string Octal(byte[] utf8) => string.Concat(
        utf8.Select(one => one is >= 0x20 and < 0x7f and not (byte)'\\' ? ((char)one).ToString() : $"\\{Convert.ToString(one, 8).PadLeft(3, '0')}"));

    private static string SmallEscapes(string encoded) =>
        Regex.Replace(encoded, "%[0-9A-F]{2}", match => match.Value.ToLowerInvariant(), RegexOptions.None, TimeSpan.FromSeconds(1));

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
