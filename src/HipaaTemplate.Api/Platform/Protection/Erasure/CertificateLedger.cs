using System.Text;
using HipaaTemplate.Platform.Protection.Signing;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>The certificates in the database, each from the transaction that erased.</summary>
internal static class CertificateLedger
{
    public static async Task<LedgerEntry?> FindAsync(AppDbContext db, Guid id, CancellationToken ct) =>
        (await db.Database.SqlQuery<string>($"SELECT certificate AS \"Value\" FROM keys.certificates WHERE id = {id}").ToListAsync(ct))
            is [var text] ? new LedgerEntry(text) : null;

    /// <returns>Newest last: a tenant that began anew may have been erased more than once.</returns>
    public static Task<List<string>> OfAsync(AppDbContext db, Guid subject, CancellationToken ct) => db.Database
        .SqlQuery<string>($"SELECT certificate AS \"Value\" FROM keys.certificates WHERE subject = {subject} ORDER BY id")
        .ToListAsync(ct);

    public static Task AddAsync(AppDbContext db, Erased erased, CancellationToken ct)
    {
        var certificate = erased.Certificate;
        return db.Database.ExecuteSqlAsync($"""
            INSERT INTO keys.certificates (id, subject, certificate)
            VALUES ({certificate.Id}, {certificate.PatientId ?? certificate.TenantId.Value}, {erased.Text})
            """, ct);
    }
}

internal sealed record LedgerEntry(string Text)
{
    public Erased Read(SigningKeyPair key) =>
        SignedCertificate.TryParse(Encoding.UTF8.GetBytes(Text), out var signed) && signed.Verify(key) is { } certificate
            ? new Erased(Text, certificate)
            : throw new InvalidOperationException("The certificate that was stored is not the one that was signed.");
}
