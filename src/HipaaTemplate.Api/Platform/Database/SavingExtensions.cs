using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

internal static class SavingExtensions
{
    /// <returns>False when a unique index of the tenant refused the change; nothing was saved.</returns>
    /// <exception cref="DbUpdateConcurrencyException">The row changed since it was read.</exception>
    public static async Task<bool> TrySaveUniqueAsync(this AppDbContext db, CancellationToken ct)
    {
        try
        {
            await db.SaveChangesAsync(ct);
            return true;
        }
        catch (DbUpdateException e) when (
            e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return false;
        }
    }
}
