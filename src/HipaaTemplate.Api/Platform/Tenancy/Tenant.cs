using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Tenancy;

internal enum TenantStatus : short
{
    Active = 1,
    Suspended = 2,
}

/// <summary>An organisation whose patients nobody else sees. A global table, read-only to the API.</summary>
internal sealed class Tenant
{
    public const int MaximumSlugLength = 63;
    public const int MaximumNameLength = 200;

    public required TenantId Id { get; init; }

    /// <summary>Lower case, digits and hyphens; unique. For people and URLs, never for access.</summary>
    public required string Slug { get; init; }

    public required string Name { get; init; }

    public TenantStatus Status { get; set; } = TenantStatus.Active;

    public required DateTimeOffset CreatedAt { get; init; }

    internal static void Map(EntityTypeBuilder<Tenant> tenant)
    {
        tenant.ToTable("tenants");
        tenant.HasKey(t => t.Id);
        tenant.Property(t => t.Slug).HasMaxLength(MaximumSlugLength);
        tenant.Property(t => t.Name).HasMaxLength(MaximumNameLength);
        tenant.HasIndex(t => t.Slug).IsUnique();
    }
}

internal static class TenantSet
{
    extension(Database.AppDbContext db)
    {
        public DbSet<Tenant> Tenants => db.Set<Tenant>();
    }
}
