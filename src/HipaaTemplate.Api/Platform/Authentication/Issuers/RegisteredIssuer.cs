using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Authentication.Issuers;

/// <summary>
/// An issuer that an operator registered while the API runs, mostly a tenant's own identity provider. A
/// global table, because the tenant is not known before the token is; read-only to the API.
/// </summary>
internal sealed class RegisteredIssuer
{
    public const int MaximumIssuerLength = 500;

    public required Guid Id { get; init; }

    public required string Issuer { get; init; }

    /// <summary>JSON of an <see cref="IssuerDefinition"/>.</summary>
    public required string Definition { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal static void Map(EntityTypeBuilder<RegisteredIssuer> issuer)
    {
        issuer.ToTable("issuers");
        issuer.HasKey(i => i.Id);
        issuer.Property(i => i.Id).ValueGeneratedNever();
        issuer.Property(i => i.Issuer).HasMaxLength(MaximumIssuerLength);
        issuer.Property(i => i.Definition).HasColumnType("jsonb");
        issuer.HasIndex(i => i.Issuer).IsUnique();
    }
}

internal static class RegisteredIssuerSet
{
    extension(Database.AppDbContext db)
    {
        public DbSet<RegisteredIssuer> Issuers => db.Set<RegisteredIssuer>();
    }
}
