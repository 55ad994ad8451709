using System.Linq.Expressions;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Revocation;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace HipaaTemplate.Platform.Database;

/// <param name="Access">A constant of <see cref="TableAccess"/>.</param>
/// <param name="Reason">Why its rows belong to no tenant.</param>
internal sealed record GlobalEntity(string Access, string Reason);

/// <summary>
/// Puts the tenant into every <see cref="ITenantScoped"/> entity of the model: into its key, its
/// indexes, its foreign keys and its queries. An entity that is neither tenant-scoped nor on the
/// list of global ones stops the start.
/// </summary>
internal static class TenantModel
{
    /// <summary>
    /// On an entity that the platform's log has rows of as well, as if it were a tenant: it is in the list of
    /// tenants under no name that anybody could enter, so the rows refer to none.
    /// </summary>
    public const string OfPlatformToo = "HipaaTemplate:OfPlatformToo";

    /// <summary>Global tables, each with its reason.</summary>
    public static readonly IReadOnlyDictionary<Type, GlobalEntity> GlobalEntities = new Dictionary<Type, GlobalEntity>
    {
        [typeof(Tenant)] = new(TableAccess.GlobalReadOnly, "the list of tenants itself; holds no patients' data"),
        [typeof(RegisteredIssuer)] = new(TableAccess.GlobalReadOnly, "a token's issuer is looked up before its tenant is known"),
        [typeof(RevokedTokens)] = new(TableAccess.GlobalExpiring, "asked before a token's tenant is believed; issuers speak of sessions, not of tenants"),
        [typeof(UsedId)] = new(TableAccess.GlobalExpiring, "proofs and logout tokens name no tenant; holds hashes only"),
        [typeof(AlertCursor)] = new(TableAccess.GlobalExpiring, "how far the logs of all tenants were looked through; holds a number and ids of tenants"),
    };

    public static void Apply(ModelBuilder modelBuilder, AppDbContext context)
    {
        foreach (var entity in modelBuilder.Model.GetEntityTypes().ToList())
        {
            if (typeof(ITenantScoped).IsAssignableFrom(entity.ClrType))
            {
                ScopeKeys(modelBuilder, entity);
                FilterQueries(modelBuilder, entity, context);
                entity.SetAnnotation(TableAccess.Annotation, entity[TableAccess.Annotation] ?? TableAccess.Tenant);
            }
            else if (GlobalEntities.TryGetValue(entity.ClrType, out var global))
            {
                entity.SetAnnotation(TableAccess.Annotation, global.Access);
            }
            else
            {
                throw new InvalidOperationException(
                    $"{entity.ClrType.Name} is neither ITenantScoped nor in TenantModel.GlobalEntities.");
            }
        }
    }

    /// <summary>
    /// (tenant_id, id) as the key and tenant_id in front of every index and in every foreign key:
    /// a reference into another tenant cannot be stored, and the schema can be distributed.
    /// </summary>
    private static void ScopeKeys(ModelBuilder modelBuilder, IMutableEntityType entity)
    {
        var builder = modelBuilder.Entity(entity.ClrType);
        builder.HasKey(nameof(ITenantScoped.TenantId), nameof(ITenantScoped.Id));
        builder.Property(nameof(ITenantScoped.Id)).ValueGeneratedNever();
        if (entity.FindAnnotation(OfPlatformToo) is null)
        {
            builder.HasOne(typeof(Tenant)).WithMany()
                .HasForeignKey(nameof(ITenantScoped.TenantId)).OnDelete(DeleteBehavior.Restrict);
        }

        var tenantId = entity.FindProperty(nameof(ITenantScoped.TenantId))!;
        foreach (var index in entity.GetIndexes().ToList())
        {
            if (index.Properties[0] != tenantId)
            {
                LeadWithTenant(entity, index, tenantId);
            }
        }

        foreach (var foreignKey in entity.GetForeignKeys())
        {
            if (foreignKey.Properties[0] != tenantId)
            {
                throw new InvalidOperationException(
                    $"The foreign key from {entity.ClrType.Name} to {foreignKey.PrincipalEntityType.ClrType.Name} "
                    + "must be (TenantId, …): .HasForeignKey(x => new { x.TenantId, x.OtherId }).");
            }
        }
    }

    private static void LeadWithTenant(
        IMutableEntityType entity, IMutableIndex index, IMutableProperty tenantId)
    {
        var replacement = entity.AddIndex([tenantId, .. index.Properties]);
        replacement.IsUnique = index.IsUnique;
        if (index.IsDescending is { } descending)
        {
            // An empty list means that every column is descending.
            replacement.IsDescending = descending.Count == 0
                ? [false, .. index.Properties.Select(_ => true)]
                : [false, .. descending];
        }

        foreach (var annotation in index.GetAnnotations())
        {
            replacement.SetAnnotation(annotation.Name, annotation.Value);
        }

        // These have a place for each column. Arrays, because the SQL generator skips any other list.
        replacement.SetOperators(index.GetOperators() is { } operators ? (string[])["", .. operators] : null);
        replacement.SetCollation(index.GetCollation() is { } collations ? (string[])["", .. collations] : null);
        replacement.SetNullSortOrder(index.GetNullSortOrder() is { } orders
            ? (NullSortOrder[])[NullSortOrder.Unspecified, .. orders]
            : null);
        entity.RemoveIndex(index);
    }

    private static void FilterQueries(
        ModelBuilder modelBuilder, IMutableEntityType entity, AppDbContext context)
    {
        // The model is cached for all tenants, so the filter refers to the context's property: EF
        // replaces the constant by the context of each query. A captured value would freeze.
        var row = Expression.Parameter(entity.ClrType, "row");
        var sameTenant = Expression.Equal(
            Expression.Property(row, nameof(ITenantScoped.TenantId)),
            Expression.Property(Expression.Constant(context), nameof(AppDbContext.TenantId)));
        modelBuilder.Entity(entity.ClrType)
            .HasQueryFilter(Filters.Tenant, Expression.Lambda(sameTenant, row));
    }
}
