using System.Reflection;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// Maps every <see cref="PhiEntity"/>: sealed columns, blind indexes, the reference to its key. An entity that
/// would store something of a patient as it is stops the start.
/// </summary>
internal static class PhiModel
{
    /// <summary>Ids, counters and flags. Whatever else a row holds has to be sealed, or to say why not.</summary>
    private static readonly Type[] Untold = [typeof(TenantId), typeof(Guid), typeof(bool), typeof(short), typeof(int), typeof(long)];

    /// <summary>Before <see cref="Database.TenantModel"/>, which puts the tenant into the indexes.</summary>
    public static void Apply(ModelBuilder model)
    {
        model.Entity<SubjectKey>().HasKey(nameof(ITenantScoped.TenantId), nameof(ITenantScoped.Id));
        foreach (var entity in model.Model.GetEntityTypes().Where(IsPhi).ToList())
        {
            var table = PhiTable.Of(entity.ClrType);
            var builder = model.Entity(entity.ClrType);
            MapKey(builder);
            foreach (var column in table.Columns)
            {
                MapColumn(builder, column);
            }

            foreach (var index in table.Indexes)
            {
                for (var slot = 0; slot < 2; slot++)
                {
                    builder.Property<byte[]>(index.PropertyOf(slot));
                    var built = builder.HasIndex(index.PropertyOf(slot)).IsUnique(index.IsUnique);
                    if (index.Where is not null)
                    {
                        built.HasFilter(index.Where);
                    }
                }
            }
        }

        Check(model.Model);
    }

    private static bool IsPhi(IReadOnlyTypeBase entity) => typeof(PhiEntity).IsAssignableFrom(entity.ClrType);

    private static void MapKey(EntityTypeBuilder builder)
    {
        builder.HasOne(typeof(SubjectKey), nameof(PhiEntity.SubjectKey)).WithMany()
            .HasForeignKey(nameof(ITenantScoped.TenantId), nameof(PhiEntity.SubjectKeyId))
            .HasPrincipalKey(nameof(ITenantScoped.TenantId), nameof(ITenantScoped.Id))
            .IsRequired().OnDelete(DeleteBehavior.Restrict);
        builder.Navigation(nameof(PhiEntity.SubjectKey)).AutoInclude();
    }

    private static void MapColumn(EntityTypeBuilder builder, PhiColumn column)
    {
        var mapping = (ColumnMapping)Activator.CreateInstance(typeof(ColumnMapping<>).MakeGenericType(column.Type))!;
        builder.Property(column.Name).HasConversion(mapping.Converter, mapping.Comparer);
    }

    /// <summary>What the interceptors rely on, and that nothing was forgotten.</summary>
    private static void Check(IReadOnlyModel model)
    {
        List<string> problems = [];
        Dictionary<int, string> tables = [];
        foreach (var entity in model.GetEntityTypes().Where(entity => typeof(ITenantScoped).IsAssignableFrom(entity.ClrType)))
        {
            var name = entity.ClrType.Name;
            if (!IsPhi(entity))
            {
                if (entity.ClrType.GetCustomAttribute<NotPhiAttribute>() is not { Why.Length: > 0 })
                {
                    problems.Add($"{name} is no PhiEntity and has no [NotPhi(\"why\")].");
                }

                continue;
            }

            var table = PhiTable.Of(entity.ClrType);
            if (table.Number < 1 || !tables.TryAdd(table.Number, name))
            {
                problems.Add($"{name} has the table number of {tables.GetValueOrDefault(table.Number, "the keys")}.");
            }

            problems.AddRange(ProblemsOf(entity, table));
        }

        if (problems.Count > 0)
        {
            throw new PhiModelException(string.Join('\n', problems));
        }
    }

    private static IEnumerable<string> ProblemsOf(IReadOnlyEntityType entity, PhiTable table)
    {
        foreach (var same in table.Columns.GroupBy(column => column.Number).Where(group => group.Count() > 1))
        {
            yield return $"{table.Entity.Name}: {string.Join(" and ", same.Select(column => column.Name))} have the same column number.";
        }

        foreach (var same in table.Indexes.GroupBy(index => index.Number).Where(group => group.Count() > 1))
        {
            yield return $"{table.Entity.Name}: {string.Join(" and ", same.Select(index => index.Name))} have the same index number.";
        }

        foreach (var parts in entity.GetComplexProperties().Select(property => property.Name)
            .Concat(entity.GetNavigations().Where(to => to.TargetEntityType.IsOwned()).Select(to => to.Name)))
        {
            yield return $"{table.Entity.Name}.{parts} is a type with parts of its own, which are not sealed.";
        }

        foreach (var column in table.Columns.Where(column => !ColumnMapping.IsSupported(column.Type)))
        {
            yield return $"{table.Entity.Name}.{column.Name}: a {column.Type.Name} cannot be sealed.";
        }

        foreach (var property in entity.GetProperties())
        {
            var type = Nullable.GetUnderlyingType(property.ClrType) ?? property.ClrType;
            if (property.PropertyInfo is { } declared && !PhiTable.IsPhi(declared) && !Untold.Contains(type)
                && declared.GetCustomAttribute<NotPhiAttribute>() is not { Why.Length: > 0 })
            {
                yield return $"{table.Entity.Name}.{property.Name} is neither Phi<T> nor [NotPhi(\"why\")].";
            }
        }
    }

    private abstract class ColumnMapping
    {
        public abstract ValueConverter Converter { get; }

        public abstract ValueComparer Comparer { get; }

        public static bool IsSupported(Type type) => (bool)typeof(PhiEncoding<>).MakeGenericType(type)
            .GetProperty(nameof(PhiEncoding<>.IsSupported))!.GetValue(null)!;
    }

    private sealed class ColumnMapping<T> : ColumnMapping
        where T : notnull
    {
        // No encryption in here: a converter sees neither the row nor the tenant.
        public override ValueConverter Converter { get; } = new ValueConverter<Phi<T>, byte[]>(
            phi => SealedBytes(phi), bytes => Phi<T>.FromEnvelope(bytes));

        // The hash is the same for all: a value's must not depend on whether it was opened.
        public override ValueComparer Comparer { get; } = new ValueComparer<Phi<T>>(
            (left, right) => left == null ? right == null : right != null && ((IPhi)left).HasSameValue(right),
            phi => 0,
            phi => phi);

        private static byte[] SealedBytes(IPhi phi) => phi.Envelope ?? throw new InvalidOperationException(
            "A value that is not sealed was on its way to the database: conditions and bulk updates on Phi<T> are not possible; see BlindIndex.");
    }
}
