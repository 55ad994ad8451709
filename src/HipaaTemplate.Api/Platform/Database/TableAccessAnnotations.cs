using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata.Internal;

namespace HipaaTemplate.Platform.Database;

#pragma warning disable EF1001 // The provider offers no public way to add a table annotation.

/// <summary>Carries an entity's <see cref="TableAccess"/> to the table in migrations.</summary>
internal sealed class TableAccessAnnotations(RelationalAnnotationProviderDependencies dependencies)
    : NpgsqlAnnotationProvider(dependencies)
{
    public override IEnumerable<IAnnotation> For(ITable table, bool designTime)
    {
        var access = table.EntityTypeMappings
            .Select(mapping => mapping.TypeBase.FindAnnotation(TableAccess.Annotation)?.Value)
            .FirstOrDefault(value => value is not null);
        return access is null
            ? base.For(table, designTime)
            : [.. base.For(table, designTime), new Annotation(TableAccess.Annotation, access)];
    }
}
