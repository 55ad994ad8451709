using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The tenant's id with an end and a signature: <c>uuid.seconds.hmac</c>, 36 + 10 + 64 characters and
/// two dots. The policies' function checks it against a key that the API's role cannot read, so that injected SQL
/// cannot name another tenant. It holds as long as nobody runs code inside the API itself.
/// </summary>
internal sealed class SignedTenantScope(DerivedKeys keys, TimeProvider time) : ITenantScopeSql
{
    /// <summary>
    /// How long a token is worth something to whoever reads it, and how far the clocks of the API and
    /// of PostgreSQL may be apart.
    /// </summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public const string Setting = "app.tenant_token";
    private const int IdLength = 36;
    private const int SecondsLength = 10;
    private const int SignedLength = IdLength + 1 + SecondsLength + 1;
    private const int SignatureLength = 2 * SHA256.HashSizeInBytes;
    private const int TokenLength = SignedLength + SignatureLength;

    private readonly Lazy<byte[]> key = new(() => keys.For(TenantScopeKeys.Purpose));

    /// <summary>
    /// HMAC-SHA256 from the server's own sha256 (RFC 2104 §2): pgcrypto is not everywhere. Both signatures
    /// are hashed before they are compared, so that the time it takes tells nothing. The end is read
    /// after the signature is known to be good: only then is it known to be a number. A loop, because its
    /// query has no parameter and so is planned once a session.
    /// </summary>
    public TenantFunction Function { get; } = new("plpgsql", $"""

        DECLARE
            token text := current_setting('{Setting}', true);
            signed bytea;
            k {TenantScopeKeys.Table};
        BEGIN
            IF length(token) = {TokenLength} THEN
                signed := convert_to(left(token, {SignedLength}), 'UTF8');
                FOR k IN SELECT * FROM {TenantScopeKeys.Table} WHERE valid_until > statement_timestamp() LOOP
                    IF sha256(convert_to(right(token, {SignatureLength}), 'UTF8')) = sha256(convert_to(
                        encode(sha256(k.outer_key || sha256(k.inner_key || signed)), 'hex'), 'UTF8'))
                    THEN
                        IF substr(token, {IdLength + 2}, {SecondsLength})::bigint > extract(epoch FROM statement_timestamp()) THEN
                            RETURN left(token, {IdLength})::uuid;
                        END IF;
                    END IF;
                END LOOP;
            END IF;
            RETURN NULL;
        END

        """, RunsAsOwner: true);

    public TenantScope For(TenantId? tenant) => TenantScope.Set(
        Setting, tenant is { } id ? Sign(id, time.GetUtcNow() + Lifetime, key.Value) : "");

    public IEnumerable<string> ForgeriesOf(TenantId tenant)
    {
        var strangersKey = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
        string[] values =
        [
            tenant.ToString(),
            Sign(tenant, time.GetUtcNow() + Lifetime, strangersKey),
            Sign(tenant, time.GetUtcNow() - Lifetime, key.Value),
        ];
        return
        [
            $"SELECT set_config('{BareTenantScope.Setting}', '{tenant}', true)",
            .. values.Select(value => $"SELECT set_config('{Setting}', '{value}', true)"),
        ];
    }

    private static string Sign(TenantId tenant, DateTimeOffset end, byte[] key) =>
        string.Create(TokenLength, (tenant, end, key), static (token, parts) =>
        {
            parts.tenant.Value.TryFormat(token, out _);
            token[IdLength] = '.';
            parts.end.ToUnixTimeSeconds().TryFormat(token[(IdLength + 1)..], out _);
            token[SignedLength - 1] = '.';
            Span<byte> signed = stackalloc byte[SignedLength];
            Encoding.ASCII.GetBytes(token[..SignedLength], signed);
            Span<byte> signature = stackalloc byte[SHA256.HashSizeInBytes];
            HMACSHA256.HashData(parts.key, signed, signature);
            Convert.TryToHexStringLower(signature, token[SignedLength..], out _);
        });
}
