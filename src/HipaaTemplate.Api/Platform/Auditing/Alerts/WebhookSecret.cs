using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>Signatures of Standard Webhooks 1.0 (HMAC-SHA256, `v1`).</summary>
internal static class WebhookSecret
{
    private const string Prefix = "whsec_";
    private const int Shortest = 24;
    private const int Longest = 64;

    public static bool TryParse(string text, out byte[] secret)
    {
        secret = [];
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || !Base64.IsValid(text.AsSpan(Prefix.Length), out var length)
            || length is < Shortest or > Longest)
        {
            return false;
        }

        secret = Convert.FromBase64String(text[Prefix.Length..]);
        return true;
    }

    /// <summary>The value of webhook-signature: one for each secret.</summary>
    public static string Sign(IEnumerable<string> secrets, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        return string.Join(' ', secrets.Select(text => TryParse(text, out var secret)
            ? $"v1,{Convert.ToBase64String(HMACSHA256.HashData(secret, signed))}"
            : throw new InvalidOperationException("Settings are checked at start.")));
    }
}
