using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>
/// The random key that everything of one patient is sealed under, wrapped by the tenant's key. Random, not
/// derived: destroying it destroys the patient's data and nobody else's.
/// </summary>
[NotPhi("a wrapped key")]
internal sealed class SubjectKey : ITenantScoped
{
    public required TenantId TenantId { get; init; }

    public Guid Id { get; init; }

    /// <summary>The patient; or the row itself, where a row is about no patient.</summary>
    public required Guid SubjectId { get; init; }

    /// <summary>Of the tenant's key that wraps it; a tenant's new version brings new keys for its patients.</summary>
    public required int KeyVersion { get; init; }

    /// <summary>An <see cref="Envelope"/>. Null once it is destroyed.</summary>
    public byte[]? Wrapped { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? DestroyedAt { get; init; }

    internal static void Map(EntityTypeBuilder<SubjectKey> key)
    {
        key.ToTable("subject_keys", KeySchema.Name, table =>
            table.HasCheckConstraint("ck_subject_keys_wrapped", "(wrapped IS NULL) = (destroyed_at IS NOT NULL)"));
        key.HasAnnotation(TableAccess.Annotation, TableAccess.TenantAppend);
        key.HasIndex(k => new { k.SubjectId, k.KeyVersion }).IsUnique();
        key.HasIndex(k => k.KeyVersion);
    }
}
