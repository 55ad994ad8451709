using System.Buffers;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>RFC 4180.</summary>
internal static class CsvLine
{
    private static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    public static string Of(IEnumerable<string> cells) => string.Join(',', cells.Select(Cell)) + "\r\n";

    private static string Cell(string text)
    {
        var safe = IsFormula(text) ? $"'{text}" : text;
        return safe.AsSpan().ContainsAny(Quoted) ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    /// <summary>What spreadsheets run when they open the file (OWASP, CSV injection), also after spaces and in full width.</summary>
    private static bool IsFormula(string text) => text.TrimStart(' ') is [var first, ..] && "=+-@\t\r\n＝＋－＠".Contains(first, StringComparison.Ordinal);
}
