using System.Security.Cryptography;
using System.Text;

namespace HipaaTemplate.Platform.Authentication.Users;

/// <summary>
/// What log lines call a user by: the first 8 bytes of SHA-256 over issuer, line feed, subject, in hexadecimal.
/// Some providers use e-mail addresses as subjects; those belong in no log. Whoever knows issuer and subject
/// finds the user's lines: <c>printf 'ISSUER\nSUBJECT' | sha256sum | cut -c1-16</c>.
/// </summary>
internal static class SubjectHash
{
    private const int Length = 8;

    public static string Of(string issuer, string subject) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{issuer}\n{subject}")).AsSpan(0, Length));
}
