using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// Makes the tables that the test host's model has and the migrations have not, by the same differ and
/// SQL generator that `dotnet ef migrations add` and `migrate up` use.
/// </summary>
internal static class ScratchTables
{
    public static async Task CreateAsync(ApiHost api)
    {
        await using var db = api.Services.GetRequiredService<OwnerDatabase>().CreateContext();
        var operations = Differences(db).Where(operation => operation is not DropTableOperation).ToList();
        var model = db.GetService<IDesignTimeModel>().Model;
        foreach (var command in db.GetService<IMigrationsSqlGenerator>().Generate(operations, model))
        {
            await db.Database.ExecuteSqlRawAsync(command.CommandText);
        }
    }

    /// <summary>What a new migration would hold.</summary>
    public static IReadOnlyList<MigrationOperation> Differences(DbContext db)
    {
        var snapshot = db.GetService<IMigrationsAssembly>().ModelSnapshot!.Model;
        var initialized = db.GetService<IModelRuntimeInitializer>().Initialize(
            snapshot is IMutableModel mutable ? mutable.FinalizeModel() : snapshot, designTime: true);
        return db.GetService<IMigrationsModelDiffer>().GetDifferences(
            initialized.GetRelationalModel(), db.GetService<IDesignTimeModel>().Model.GetRelationalModel());
    }
}
