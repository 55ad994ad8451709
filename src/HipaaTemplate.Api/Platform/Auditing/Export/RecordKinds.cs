using System.Collections.Frozen;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>Names of the tables that an event has numbers of.</summary>
internal sealed class RecordKinds(FeatureCatalog features)
{
    private readonly Lazy<FrozenDictionary<int, string>> names = new(() => AppModel.Of(features).GetEntityTypes()
        .Where(entity => typeof(PhiEntity).IsAssignableFrom(entity.ClrType))
        .ToFrozenDictionary(entity => PhiTable.Of(entity.ClrType).Number, entity => entity.GetSchemaQualifiedTableName()!));

    /// <returns>Of a feature that was removed, only the number.</returns>
    public string NameOf(int table) => names.Value.TryGetValue(table, out var name) ? name : $"table {table}";
}
