using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;

namespace HipaaTemplate.Platform.Database;

/// <summary>What this build promises of its database; <see cref="IsolationAudit"/> looks whether it is so.</summary>
/// <param name="Function">The function that the policies ask.</param>
/// <param name="TenantTables">Qualified names of the tables that are bound to a tenant.</param>
/// <param name="AppendTables">Those of them that the API only adds to.</param>
/// <param name="GlobalTables">Those that the API may read and nothing else.</param>
/// <param name="ExpiringTables">Those that it may add to as well, and clean of what has expired.</param>
/// <param name="Shape">Lines of <see cref="DatabaseShape"/>.</param>
internal sealed record IsolationPromise(
    TenantFunction Function,
    string[] TenantTables,
    string[] AppendTables,
    string[] GlobalTables,
    string[] ExpiringTables,
    IReadOnlyList<string> Shape)
{
    // EF Core's own table; the API reads it to know that it is current.
    private const string HistoryTable = $"{DatabaseRoles.AppSchema}.{DatabaseRoles.MigrationsTable}";

    /// <summary>Tables that no EF model knows.</summary>
    public static readonly string[] TablesApart = [HistoryTable, TenantScopeKeys.Table, CertificateTables.Keys, CertificateTables.Certificates, .. AuditTables.Added, .. AuditTables.OfSealer];

    /// <summary>The schemas that are ours, and all that is in them. Of others the API's role may have nothing.</summary>
    public static readonly string[] Schemas = [DatabaseRoles.AppSchema, TenantScopeKeys.Schema, AuditTables.Schema];

    /// <summary>Tenants' tables that the API adds to and cannot read.</summary>
    public static readonly string[] InsertTables = AuditTables.Added;

    /// <param name="db">Not of the pool: the migrations' model can be finished once only, and a context keeps it.</param>
    /// <param name="scopeSql">In use.</param>
    public static IsolationPromise Of(AppDbContext db, ITenantScopeSql scopeSql)
    {
        var tables = TablesOf(db);
        return new IsolationPromise(
            scopeSql.Function,
            [.. NamesWith(tables, TableAccess.Tenant), .. NamesWith(tables, TableAccess.TenantAppend)],
            [.. NamesWith(tables, TableAccess.TenantAppend)],
            [.. NamesWith(tables, TableAccess.GlobalReadOnly), HistoryTable],
            [.. NamesWith(tables, TableAccess.GlobalExpiring)],
            [.. tables.SelectMany(DatabaseShape.Of)]);
    }

    /// <summary>
    /// The tables of the model, and those of the migrations that it has no more: a feature that was
    /// deleted leaves its tables, still isolated, until a migration drops them (decision 0006).
    /// </summary>
    private static List<ITable> TablesOf(AppDbContext db)
    {
        List<ITable> tables = [.. db.GetService<IDesignTimeModel>().Model.GetRelationalModel().Tables];
        if (db.GetService<IMigrationsAssembly>().ModelSnapshot?.Model is { } snapshot)
        {
            var migrated = db.GetService<IModelRuntimeInitializer>().Initialize(
                snapshot is IMutableModel mutable ? mutable.FinalizeModel() : snapshot, designTime: true);
            tables.AddRange(migrated.GetRelationalModel().Tables
                .Where(table => tables.TrueForAll(known => (known.Schema, known.Name) != (table.Schema, table.Name))));
        }

        return tables;
    }

    private static IEnumerable<string> NamesWith(IEnumerable<ITable> tables, string access) =>
        from table in tables
        where table.FindAnnotation(TableAccess.Annotation)?.Value is string value && value == access
        select $"{table.Schema}.{table.Name}";
}
