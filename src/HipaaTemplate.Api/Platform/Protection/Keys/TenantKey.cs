using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace HipaaTemplate.Platform.Protection.Keys;

/// <summary>
/// A version of a tenant's key, wrapped by the key provider. The API adds versions and changes none; the
/// <c>keys</c> verbs, which run as the owner, retire and destroy them.
/// </summary>
[NotPhi("a wrapped key")]
internal sealed class TenantKey : ITenantScoped
{
    public const int MaximumWrapped = 4096;

    public TenantId TenantId { get; private set; }

    public Guid Id { get; init; }

    /// <summary>1, 2, …: counted for each tenant, whatever the class. It stands in every envelope.</summary>
    public required int Version { get; init; }

    public required DataClass Class { get; init; }

    /// <summary>As KEY_PROVIDER named it when this was wrapped.</summary>
    public required string Provider { get; set; }

    /// <summary>The provider's key it is wrapped with.</summary>
    public required string ProviderKeyId { get; set; }

    /// <summary>Null once it is destroyed.</summary>
    public byte[]? Wrapped { get; set; }

    /// <summary>
    /// HMAC-SHA256 of the key over a constant. GCM does not commit to its key; this does, so that a provider
    /// that gives back another key is found out before anything is sealed with it.
    /// </summary>
    public required byte[] Commitment { get; init; }

    /// <summary>0 or 1, in turn: the blind index columns that belong to it.</summary>
    public required short IndexSlot { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// From then on it seals, on every node: it lies further ahead than any node keeps its keys, so all of
    /// them know the version before the first of them uses it.
    /// </summary>
    public required DateTimeOffset ActiveFrom { get; init; }

    /// <summary>Set when no row is under it any more; it is kept for backups, and not loaded.</summary>
    public DateTimeOffset? RetiredAt { get; set; }

    public DateTimeOffset? DestroyedAt { get; set; }

    internal static void Map(EntityTypeBuilder<TenantKey> key)
    {
        key.ToTable("tenant_keys", KeySchema.Name, table =>
            table.HasCheckConstraint("ck_tenant_keys_wrapped", "(wrapped IS NULL) = (destroyed_at IS NOT NULL)"));
        key.HasAnnotation(TableAccess.Annotation, TableAccess.TenantAppend);
        key.Property(k => k.Provider).HasMaxLength(20);
        key.Property(k => k.ProviderKeyId).HasMaxLength(512);
        key.HasIndex(k => k.Version).IsUnique();
    }
}

internal static class KeySchema
{
    public const string Name = TenantScopeKeys.Schema;
}
