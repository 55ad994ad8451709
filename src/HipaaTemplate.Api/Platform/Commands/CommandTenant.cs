using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Commands;

internal static class CommandTenant
{
    /// <summary>Instead of a slug: the log of what happened before a tenant was known.</summary>
    public const string Platform = "platform";

    /// <exception cref="CommandException">There is none.</exception>
    public static async Task<Tenant> FindAsync(OwnerDatabase database, string slug, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        return await db.Tenants.AsNoTracking().SingleOrDefaultAsync(t => t.Slug == slug, ct)
            ?? throw new CommandException("There is no tenant with this slug; see tenants list.");
    }

    /// <param name="slug">Of a tenant, or <see cref="Platform"/>.</param>
    /// <param name="database">Knows them.</param>
    /// <param name="ct">To stop.</param>
    /// <exception cref="CommandException">There is none.</exception>
    public static async Task<TenantId> FindLogAsync(OwnerDatabase database, string slug, CancellationToken ct) =>
        slug == Platform ? AuditEntry.Platform : (await FindAsync(database, slug, ct)).Id;
}
