using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace HipaaTemplate.Platform.Protection;

/// <summary>Tells the values that a query brings which row they are of.</summary>
internal sealed class PhiBindInterceptor : IMaterializationInterceptor
{
    public object InitializedInstance(MaterializationInterceptionData materializationData, object entity)
    {
        if (entity is PhiEntity row && materializationData.Context is AppDbContext { Keys: { } keys })
        {
            var table = PhiTable.Of(row.GetType());
            var bound = new PhiRow(keys, table, row);
            foreach (var column in table.Columns)
            {
                column.Get(row)?.Bind(bound, column);
            }
        }

        return entity;
    }
}
