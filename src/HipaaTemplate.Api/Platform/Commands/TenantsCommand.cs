using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Commands;

/// <summary>Registers tenants. Operators do this; no token and no endpoint can.</summary>
internal sealed partial class TenantsCommand(OwnerDatabase database, VerbEvents events, TimeProvider time) : ICommand
{
    public string Name => "tenants";

    public string Summary => "register, suspend and list tenants";

    public IReadOnlyList<string> Usage =>
    [
        "tenants list",
        "tenants add SLUG NAME [--id UUID]   prints the id that the identity provider puts into the tenant claim",
        "tenants suspend SLUG                refuses its requests within ten seconds",
        "tenants resume SLUG",
    ];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) => arguments switch
    {
        ["list"] => ListAsync(ct),
        ["add", var slug, var name] => AddAsync(slug, name, Guid.CreateVersion7().ToString(), ct),
        ["add", var slug, var name, "--id", var id] => AddAsync(slug, name, id, ct),
        ["suspend", var slug] => SetStatusAsync(slug, TenantStatus.Suspended, ct),
        ["resume", var slug] => SetStatusAsync(slug, TenantStatus.Active, ct),
        _ => throw new UsageException("tenants needs one of its forms."),
    };

    private async Task<int> ListAsync(CancellationToken ct)
    {
        await using var db = database.CreateContext();
        await foreach (var tenant in db.Tenants.AsNoTracking().OrderBy(t => t.Slug).AsAsyncEnumerable().WithCancellation(ct))
        {
            await WriteAsync(tenant);
        }

        return ExitCode.Done;
    }

    private async Task<int> AddAsync(string slug, string name, string idText, CancellationToken ct)
    {
        if (!TenantId.TryParse(idText, out var id))
        {
            throw new UsageException("The id must be a UUID, 36 characters with hyphens.");
        }

        if (slug.Length > Tenant.MaximumSlugLength || !SlugPattern().IsMatch(slug))
        {
            throw new UsageException("The slug must be lower case letters, digits and single hyphens, at most 63.");
        }

        if (string.IsNullOrWhiteSpace(name) || name.Length > Tenant.MaximumNameLength)
        {
            throw new UsageException("The name must have 1 to 200 characters.");
        }

        using var log = events.OpenPlatform($"tenant={id} slug={slug}");
        await WriteAsync(await database.InTransactionAsync(
            async db =>
            {
                var known = await db.Tenants.SingleOrDefaultAsync(t => t.Id == id || t.Slug == slug, ct);
                if (known is not null)
                {
                    return known.Id == id && known.Slug == slug
                        ? known
                        : throw new CommandException("The slug or the id belongs to another tenant; see tenants list.");
                }

                var added = new Tenant { Id = id, Slug = slug, Name = name, CreatedAt = time.GetUtcNow() };
                db.Tenants.Add(added);
                await db.SaveChangesAsync(ct);
                await log.AddAsync(db, AuditAction.ChangeTenant, "registered", patient: null, ct);
                return added;
            },
            ct));
        return ExitCode.Done;
    }

    private async Task<int> SetStatusAsync(string slug, TenantStatus status, CancellationToken ct)
    {
        var id = (await CommandTenant.FindAsync(database, slug, ct)).Id;
        using var log = events.OpenPlatform($"tenant={id} slug={slug}");
        await WriteAsync(await database.InTransactionAsync(
            async db =>
            {
                var tenant = await db.Tenants.SingleAsync(t => t.Id == id, ct);
                tenant.Status = status;
                await db.SaveChangesAsync(ct);
                await log.AddAsync(db, AuditAction.ChangeTenant, status == TenantStatus.Suspended ? "suspended" : "resumed", patient: null, ct);
                return tenant;
            },
            ct));
        return ExitCode.Done;
    }

    private static Task WriteAsync(Tenant tenant) =>
        Console.Out.WriteLineAsync($"{tenant.Id}  {tenant.Status,-9}  {tenant.Slug}  {tenant.Name}");

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SlugPattern();
}
