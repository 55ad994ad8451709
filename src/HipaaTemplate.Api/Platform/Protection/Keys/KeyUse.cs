using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>A block of values that a node may seal under a version of the tenant's key, counted before they are sealed.</summary>
[NotPhi("a number")]
internal sealed class KeyUse : ITenantScoped
{
    public TenantId TenantId { get; private set; }

    public Guid Id { get; init; }

    public required int KeyVersion { get; init; }

    public required long Values { get; init; }

    internal static void Map(EntityTypeBuilder<KeyUse> use)
    {
        use.ToTable("key_uses", KeySchema.Name);
        use.HasAnnotation(TableAccess.Annotation, TableAccess.TenantAppend);
        use.HasIndex(u => u.KeyVersion);
    }
}
