using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>Where patients' data is stands in a page, and no number that values are sealed with is given twice.</summary>
[Hipaa(Citations.Inventory)]
internal sealed class PhiInventoryTests
{
    private const string Page = "docs/PHI_INVENTORY.md";
    private const string Given = "src/HipaaTemplate.Api/Platform/Protection/NumbersGiven.txt";

    private static IModel Model { get; } = AppModel.Of(App.Api.Services.GetRequiredService<FeatureCatalog>());

    [Test]
    public void The_page_is_what_the_verb_prints() => Assert.That(
        SourceTree.Read(Page),
        Is.EqualTo(DocsCommand.Inventory(new PhiInventory(Model))),
        $"Write it: HipaaTemplate.Api docs phi > {Page}");

    [Test]
    public void Every_sealed_column_and_blind_index_is_bytes_in_the_database()
    {
        var columns = (
            from entity in Model.GetEntityTypes()
            where typeof(PhiEntity).IsAssignableFrom(entity.ClrType)
            let table = PhiTable.Of(entity.ClrType)
            from name in table.Columns.Select(column => column.Name)
                .Concat(table.Indexes.SelectMany(index => (string[])[index.PropertyOf(0), index.PropertyOf(1)]))
            select (Name: $"{entity.ClrType.Name}.{name}", Type: entity.FindProperty(name)!.GetColumnType())).ToList();

        Assert.That(columns.Select(column => column.Name), Does.Contain($"{nameof(SealedProbe)}.{nameof(SealedProbe.Code)}"));
        Assert.That(columns.Where(column => column.Type != "bytea"), Is.Empty);
    }

    [Test]
    public async Task The_database_has_them_as_the_model_says()
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        foreach (var entity in Model.GetEntityTypes().Where(entity => typeof(PhiEntity).IsAssignableFrom(entity.ClrType)))
        {
            var bytes = await dba.ColumnAsync<string>($"""
                SELECT column_name::text FROM information_schema.columns
                WHERE table_schema = '{entity.GetSchema()}' AND table_name = '{entity.GetTableName()}' AND data_type = 'bytea'
                """);
            var columns = PhiTable.Of(entity.ClrType).Columns.Select(column => entity.FindProperty(column.Name)!.GetColumnName());
            Assert.That(columns, Is.SubsetOf(bytes), entity.ClrType.Name);
        }
    }

    [Test]
    public void A_number_that_is_used_is_in_the_list_of_numbers_given_with_what_has_it() => Assert.That(
        new PhiInventory(Model).Numbers(),
        Is.SubsetOf(Lines()),
        $"Add the lines to {Given}, or take other numbers if these were given to something else.");

    [Test]
    public void No_number_was_given_twice_and_none_twice_to_one_thing() => Assert.Multiple(() =>
    {
        var lines = Lines().Select(line => line.Split(' ')).ToList();
        Assert.That(lines, Has.Count.GreaterThan(0).And.All.Length.EqualTo(3));
        Assert.That(lines.Select(line => $"{line[0]} {line[1]}"), Is.Unique);
        Assert.That(lines.Select(line => $"{line[0]} {line[2]}"), Is.Unique);
    });

    private static List<string> Lines() =>
        [.. SourceTree.Read(Given).Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
}
