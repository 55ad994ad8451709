using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>A request as it came over the wire: nothing decoded, headers in their order.</summary>
internal sealed record WireRequest(
    string Method, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    public string Path => Target.Split('?', 2)[0];

    public string Query => Target.Split('?', 2) is [_, var query] ? query : "";

    /// <summary>Null when it is absent; the values of one that came twice are joined.</summary>
    public string? Header(string name)
    {
        var values = Headers.Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        return values.Count == 0 ? null : string.Join(',', values.Select(header => header.Value.Trim()));
    }
}

/// <summary>
/// AWS Signature Version 4, written from its description (IAM User Guide, "Create a signed AWS API request")
/// and independent of the SDK, whose signatures it checks.
/// </summary>
internal static partial class SigV4
{
    public const string Algorithm = "AWS4-HMAC-SHA256";
    public const string Terminator = "aws4_request";

    /// <param name="signedHeaders">Names in lower case, in the order that the signature states.</param>
    /// <param name="leaveOut">Parameters of the query that are not signed.</param>
    /// <param name="normalize">Whether the path is brought to its shortest form; everywhere but in S3.</param>
    public static string CanonicalRequest(
        WireRequest request, IReadOnlyList<string> signedHeaders, string payloadHash, IReadOnlyCollection<string> leaveOut, bool normalize) =>
        string.Join(
            '\n',
            request.Method,
            CanonicalPath(request.Path, normalize),
            CanonicalQuery(request.Query, leaveOut),
            string.Concat(signedHeaders.Select(name => $"{name}:{CanonicalValues(request, name)}\n")),
            string.Join(';', signedHeaders),
            payloadHash);

    public static string StringToSign(string date, string scope, string canonicalRequest) =>
        $"{Algorithm}\n{date}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)))}";

    /// <param name="scope">Day, region, service and <see cref="Terminator"/>, each after a slash.</param>
    public static string Signature(string secret, string scope, string stringToSign)
    {
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + secret), Hmac);
        return Hex(Hmac(key, stringToSign));
    }

    public static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private static byte[] Hmac(byte[] key, string data) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(data));

    private static string CanonicalPath(string path, bool normalize)
    {
        if (normalize)
        {
            var kept = new List<string>();
            foreach (var segment in path.Split('/').Where(segment => segment is not ("" or ".")))
            {
                if (segment != "..")
                {
                    kept.Add(segment);
                }
                else if (kept.Count > 0)
                {
                    kept.RemoveAt(kept.Count - 1);
                }
            }

            var endsInSlash = path.EndsWith('/') || path.EndsWith("/.", StringComparison.Ordinal) || path.EndsWith("/..", StringComparison.Ordinal);
            path = "/" + string.Join('/', kept) + (endsInSlash && kept.Count > 0 ? "/" : "");
        }

        return string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
    }

    private static string CanonicalQuery(string query, IReadOnlyCollection<string> leaveOut)
    {
        var parameters = from part in query.Split('&', StringSplitOptions.RemoveEmptyEntries)
                         let pair = part.Split('=', 2)
                         where !leaveOut.Contains(pair[0])
                         select (Name: Encoded(pair[0]), Value: Encoded(pair.Length > 1 ? pair[1] : ""));
        return string.Join('&', parameters
            .OrderBy(parameter => parameter.Name, StringComparer.Ordinal).ThenBy(parameter => parameter.Value, StringComparer.Ordinal)
            .Select(parameter => $"{parameter.Name}={parameter.Value}"));
    }

    /// <summary>Whatever was encoded on the wire, and however, has one form here.</summary>
    private static string Encoded(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));

    private static string CanonicalValues(WireRequest request, string name) => string.Join(',', request.Headers
        .Where(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
        .Select(header => SpacesPattern().Replace(header.Value.Trim(), " ")));

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex SpacesPattern();
}
