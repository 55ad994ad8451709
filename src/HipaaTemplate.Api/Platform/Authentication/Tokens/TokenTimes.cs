using System.Runtime.InteropServices;
using System.Text.Json;

namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>
/// The times of a token, in seconds since 1970 (NumericDate, RFC 7519 §2). Whole numbers only: a fraction, an
/// exponent or a string is read differently by different libraries.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TokenTimes(long Expires, long? NotBefore, long Issued, long? SignedInAt)
{
    /// <summary>How far clocks may be apart, in seconds.</summary>
    public const long Skew = 30;

    /// <summary>No token is worth more than a day, however long its issuer would have it live.</summary>
    public const long LongestLife = 24 * 60 * 60;

    /// <summary>The last second of the year 9999.</summary>
    private const long LastSecond = 253_402_300_799;

    /// <returns>Null when the times are in order, at any moment.</returns>
    public static TokenRefusal? TryRead(JsonElement payload, out TokenTimes times)
    {
        times = default;
        if (!TryReadTime(payload, "exp", out var expires) || !TryReadTime(payload, "nbf", out var notBefore)
            || !TryReadTime(payload, "iat", out var issued) || !TryReadTime(payload, "auth_time", out var signedInAt))
        {
            return TokenRefusal.TimeMalformed;
        }

        if (expires is not { } end)
        {
            return TokenRefusal.ExpiryMissing;
        }

        // RFC 9068 §2.2. Without it nobody knows how long it lives, or whether a revocation means it.
        if (issued is not { } start)
        {
            return TokenRefusal.IssuedAtMissing;
        }

        times = new TokenTimes(end, notBefore, start, signedInAt ?? LatestMethod(payload));
        return null;
    }

    /// <returns>Null when the token is good at this moment.</returns>
    public TokenRefusal? Check(long now)
    {
        if (now >= Expires + Skew)
        {
            return TokenRefusal.Expired;
        }

        if (now < NotBefore - Skew || NotBefore > Expires)
        {
            return TokenRefusal.NotYetValid;
        }

        if (now < Issued - Skew || now < SignedInAt - Skew)
        {
            return TokenRefusal.IssuedInTheFuture;
        }

        return Expires - Issued > LongestLife + Skew ? TokenRefusal.LivesTooLong : null;
    }

    /// <summary>Supabase has no auth_time; each of its methods says when it was used.</summary>
    private static long? LatestMethod(JsonElement payload)
    {
        long? latest = null;
        if (payload.TryGetProperty("amr", out var methods) && methods.ValueKind == JsonValueKind.Array)
        {
            foreach (var method in methods.EnumerateArray())
            {
                if (method.ValueKind == JsonValueKind.Object && TryReadTime(method, "timestamp", out var used) && !(used <= latest))
                {
                    latest = used;
                }
            }
        }

        return latest;
    }

    /// <returns>False for one that is no such time; true with null where there is none.</returns>
    public static bool TryReadTime(JsonElement payload, string name, out long? time)
    {
        time = null;
        if (!payload.TryGetProperty(name, out var member))
        {
            return true;
        }

        // TryGetInt64 takes 1e3 as well.
        if (member.ValueKind != JsonValueKind.Number || member.GetRawText().AsSpan().ContainsAny(".eE")
            || !member.TryGetInt64(out var seconds) || seconds is < 0 or > LastSecond)
        {
            return false;
        }

        time = seconds;
        return true;
    }
}
