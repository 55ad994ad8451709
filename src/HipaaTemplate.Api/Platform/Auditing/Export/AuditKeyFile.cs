using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>The keys that a verifier takes (docs/explanation/audit-format.md).</summary>
internal sealed class AuditKeyFile(AuditSigningKeys signingKeys, PlatformKey platformKey, TenantScopes scopes)
{
    /// <param name="log">Whose MAC keys are told too: who has them could forge an event of that month.</param>
    /// <param name="output">The lines.</param>
    /// <param name="ct">To stop.</param>
    public async Task WriteAsync(AuditLog? log, TextWriter output, CancellationToken ct)
    {
        foreach (var key in await signingKeys.PublicKeysAsync(ct))
        {
            await output.WriteLineAsync(key.Format());
        }

        if (log is not { } month)
        {
            return;
        }

        var macKey = new byte[SecretKey.Length];
        if (month.Tenant == AuditEntry.Platform)
        {
            AuditEncoding.DeriveMonthKey(platformKey.AuditKey, month.Begin, macKey);
            await WriteMacAsync(output, month, platformKey.Version, macKey);
            return;
        }

        await using var scope = scopes.Enter(month.Tenant);
        var keys = scope.ServiceProvider.GetRequiredService<AppDbContext>().Keys!;
        await keys.PrepareAsync(ct);
        var auditKey = new byte[SecretKey.Length];
        foreach (var material in keys.Ring.Versions)
        {
            material.DeriveAuditKey(auditKey);
            AuditEncoding.DeriveMonthKey(auditKey, month.Begin, macKey);
            await WriteMacAsync(output, month, material.Version, macKey);
        }

        CryptographicOperations.ZeroMemory(auditKey);
        CryptographicOperations.ZeroMemory(macKey);
    }

    private static Task WriteMacAsync(TextWriter output, AuditLog log, int version, byte[] key) =>
        output.WriteLineAsync($"mac {log.Tenant} {log.MonthText} {version} {Convert.ToBase64String(key)}");
}
