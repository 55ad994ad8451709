using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Commands;

/// <summary>Registers tenants. Operators do this; no token and no endpoint can.</summary>
internal sealed partial class TenantsCommand(OwnerDatabase database, TimeProvider time) : ICommand
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

        await using var db = database.CreateContext();
        var known = await db.Tenants.SingleOrDefaultAsync(t => t.Id == id || t.Slug == slug, ct);
        if (known is not null && (known.Id != id || known.Slug != slug))
        {
            throw new CommandException("The slug or the id belongs to another tenant; see tenants list.");
        }

        if (known is null)
        {
            known = new Tenant { Id = id, Slug = slug, Name = name, CreatedAt = time.GetUtcNow() };
            db.Tenants.Add(known);
            await db.SaveChangesAsync(ct);
        }

        await WriteAsync(known);
        return ExitCode.Done;
    }

    private async Task<int> SetStatusAsync(string slug, TenantStatus status, CancellationToken ct)
    {
        await using var db = database.CreateContext();
        var tenant = await db.Tenants.SingleOrDefaultAsync(t => t.Slug == slug, ct)
            ?? throw new CommandException("There is no tenant with this slug; see tenants list.");
        tenant.Status = status;
        await db.SaveChangesAsync(ct);
        await WriteAsync(tenant);
        return ExitCode.Done;
    }

    private static Task WriteAsync(Tenant tenant) =>
        Console.Out.WriteLineAsync($"{tenant.Id}  {tenant.Status,-9}  {tenant.Slug}  {tenant.Name}");

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex SlugPattern();
}
