using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Commands;

internal static class CommandTenant
{
    /// <exception cref="CommandException">There is none.</exception>
    public static async Task<Tenant> FindAsync(OwnerDatabase database, string slug, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        return await db.Tenants.AsNoTracking().SingleOrDefaultAsync(t => t.Slug == slug, ct)
            ?? throw new CommandException("There is no tenant with this slug; see tenants list.");
    }
}
