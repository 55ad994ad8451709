using System.Reflection;
using System.Text.Json;
using HipaaTemplate.Platform.Protection.Search;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace HipaaTemplate.Platform.Protection;

/// <summary>
/// Where patients' data is, how it is protected, and what is stored as it is and why (OWASP ASVS 5.0 §11.1.2,
/// inventory of cryptography): read from the model, so that it cannot be out of date.
/// </summary>
internal sealed class PhiInventory
{
    private readonly List<(IEntityType Entity, PhiTable Table)> tables;
    private readonly List<IEntityType> others;

    /// <param name="model">With the names of tables and columns.</param>
    public PhiInventory(IModel model)
    {
        // A test's own tables are in its model, and are not the product's.
        var entities = model.GetEntityTypes()
            .Where(entity => typeof(ITenantScoped).IsAssignableFrom(entity.ClrType) && entity.ClrType.Assembly == typeof(PhiTable).Assembly)
            .ToList();
        tables = [.. entities.Where(entity => typeof(PhiEntity).IsAssignableFrom(entity.ClrType))
            .Select(entity => (entity, PhiTable.Of(entity.ClrType))).OrderBy(pair => pair.Item2.Number)];
        others = [.. entities.Where(entity => !typeof(PhiEntity).IsAssignableFrom(entity.ClrType)).OrderBy(NameOf, StringComparer.Ordinal)];
    }

    /// <summary>Rows of the page's table of sealed columns.</summary>
    public IEnumerable<string> Sealed() =>
        from pair in tables
        from column in pair.Table.Columns.OrderBy(column => column.Number)
        select Row(
            $"{pair.Table.Number}", $"`{NameOf(pair.Entity)}`", $"{column.Number}", $"`{ColumnOf(pair.Entity, column.Name)}`",
            TypeOf(column.Type), Words(pair.Table.Class), column.Bucket == 1 ? "–" : $"{column.Bucket} bytes",
            string.Join("; ", pair.Table.Indexes.Where(index => index.Columns.Contains(column)).Select(index => IndexOf(pair.Entity, index, column))));

    /// <summary>Columns of the same tables that are not sealed.</summary>
    public IEnumerable<string> InClear() =>
        from pair in tables
        from property in pair.Entity.GetProperties()
        where property.PropertyInfo is { } declared && !PhiTable.IsPhi(declared)
        select Row(
            $"`{NameOf(pair.Entity)}`", $"`{property.GetColumnName()}`",
            property.PropertyInfo!.GetCustomAttribute<NotPhiAttribute>()?.Why ?? "an id, a counter or a flag");

    /// <summary>Tenants' tables that hold nothing of patients.</summary>
    public IEnumerable<string> WithoutPatients() =>
        from entity in others
        select Row($"`{NameOf(entity)}`", entity.ClrType.GetCustomAttribute<NotPhiAttribute>()!.Why);

    /// <summary>Every number that is sealed into values, with what has it: "column 1.5 Patient.Mrn".</summary>
    public IEnumerable<string> Numbers() => tables.SelectMany(pair =>
    {
        var (number, entity) = (pair.Table.Number, pair.Table.Entity.Name);
        return (string[])
        [
            $"table {number} {entity}",
            .. pair.Table.Columns.OrderBy(column => column.Number).Select(column => $"column {number}.{column.Number} {entity}.{column.Name}"),
            .. pair.Table.Indexes.OrderBy(index => index.Number).Select(index => $"index {number}.{index.Number} {entity}.{index.Name}"),
        ];
    });

    private static string IndexOf(IEntityType entity, BlindIndex index, PhiColumn column)
    {
        var beside = index.Columns.Where(other => other != column).Select(other => $"`{ColumnOf(entity, other.Name)}`").ToList();
        var with = beside.Count == 0 ? "" : $" with {string.Join(" and ", beside)}";
        return $"{index.Number}{with}: {index.Bits} bits{(index.IsUnique ? ", unique" : "")}, {Words(column.Normaliser)}";
    }

    private static string TypeOf(Type type) =>
        type == typeof(string) ? "text"
        : type == typeof(DateOnly) ? "date"
        : type == typeof(DateTimeOffset) ? "time"
        : type == typeof(byte[]) ? "bytes"
        : "code";

    private static string NameOf(IEntityType entity) => $"{entity.GetSchema()}.{entity.GetTableName()}";

    private static string ColumnOf(IEntityType entity, string property) => entity.FindProperty(property)!.GetColumnName();

    private static string Words<T>(T word)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(word.ToString());

    private static string Row(params string[] cells) => $"| {string.Join(" | ", cells.Select(cell => cell.Length == 0 ? "–" : cell))} |";
}
