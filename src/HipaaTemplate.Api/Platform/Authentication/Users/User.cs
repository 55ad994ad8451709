using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Authentication.Users;

/// <summary>
/// Somebody who signed in, as this tenant knows them: an id of our own for what an issuer calls a subject.
/// An e-mail address never leads here: at another issuer it may be another person's.
/// </summary>
[NotPhi("those who sign in; what an issuer calls them is no patient's data")]
internal sealed class User : ITenantScoped
{
    public const int MaximumSubjectLength = 255;

    public TenantId TenantId { get; private set; }

    public required Guid Id { get; init; }

    public required string Issuer { get; init; }

    public required string Subject { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    internal static void Map(EntityTypeBuilder<User> user)
    {
        user.ToTable("users");
        user.Property(u => u.Issuer).HasMaxLength(Issuers.RegisteredIssuer.MaximumIssuerLength);
        user.Property(u => u.Subject).HasMaxLength(MaximumSubjectLength);
        user.HasIndex(u => new { u.Issuer, u.Subject }).IsUnique();
    }
}
