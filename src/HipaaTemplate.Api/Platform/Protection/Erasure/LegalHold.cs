using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>
/// While it stands nothing of the patient, or of the tenant, is erased. The API may read holds and add some;
/// only the owner releases one.
/// </summary>
[NotPhi("a case number; its alphabet and its digit keep a name out")]
internal sealed class LegalHold : ITenantScoped
{
    public const int MaximumCaseLength = 100;

    /// <summary>The whole of it, for .NET and for PostgreSQL alike.</summary>
    public const string CasePattern = "[A-Za-z0-9._/-]*[0-9][A-Za-z0-9._/-]*";

    public TenantId TenantId { get; init; }

    public Guid Id { get; init; }

    /// <summary>The patient; null for the whole tenant.</summary>
    public Guid? SubjectId { get; init; }

    public required string CaseReference { get; init; }

    public required DateTimeOffset PlacedAt { get; init; }

    public DateTimeOffset? ReleasedAt { get; init; }

    internal static void Map(EntityTypeBuilder<LegalHold> hold)
    {
        hold.ToTable("legal_holds", KeySchema.Name, table =>
            table.HasCheckConstraint("ck_legal_holds_case_reference", $"case_reference ~ '^{CasePattern}$'"));
        hold.HasAnnotation(TableAccess.Annotation, TableAccess.TenantAppend);
        hold.Property(h => h.CaseReference).HasMaxLength(MaximumCaseLength);
        hold.HasIndex(h => h.SubjectId);
    }
}
