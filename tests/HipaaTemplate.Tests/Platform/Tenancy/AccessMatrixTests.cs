using Microsoft.AspNetCore.Http.Metadata;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>
/// Every endpoint, asked by everybody for everything: as shipped, with either wall between tenants taken
/// away, and with both, where the matrix has to be found wrong.
/// </summary>
[Hipaa(Citations.AccessControl)]
[Hipaa(Citations.AccessManagement)]
internal sealed class AccessMatrixTests
{
    /// <summary>It refuses without policies, as it has to (WallsTests).</summary>
    private const string Readiness = "GET /api/v1/health/ready";

    [Test]
    public void Every_endpoint_has_an_expectation_and_every_expectation_an_endpoint() => Assert.That(
        AccessExpectations.All.Select(expectation => expectation.Endpoint),
        Is.EquivalentTo(Endpoints.Of(App.Api).Select(route => route.ToString())),
        $"Write in the feature's {nameof(IAccessExpectations)} who may call it; a line there without an endpoint goes.");

    /// <summary>Else a cell would be asked as something that it is not.</summary>
    [Test]
    public void An_expectation_speaks_of_an_id_and_a_body_where_its_endpoint_takes_one() => Assert.Multiple(() =>
    {
        foreach (var route in Endpoints.Of(App.Api))
        {
            var expectation = AccessExpectations.All.FirstOrDefault(one => one.Endpoint == route.ToString());
            var parameters = route.Endpoint.RoutePattern.Parameters.Select(parameter => parameter.Name);
            Assert.That(parameters, Is.EqualTo(expectation is null or { Absent: null, TakesAnyId: false } ? [] : new[] { "id" }), $"{route}: Absent");
            Assert.That(
                expectation?.Body is not null,
                Is.EqualTo(route.Endpoint.Metadata.GetMetadata<IAcceptsMetadata>() is not null), $"{route}: Body");
        }
    });

    [Test]
    public async Task As_shipped_every_cell_is_right() =>
        Assert.That(await FindWrongCellsAsync(App.Api, App.DatabaseUrl), Is.Empty);

    [Test]
    public async Task Without_the_query_filter_every_cell_is_right()
    {
        var (api, url) = await Walls.NewApiAsync(withFilter: false, withPolicies: true);
        await using var stop = api;
        Assert.That(await FindWrongCellsAsync(api, url), Is.Empty);
    }

    [Test]
    public async Task Without_policies_every_cell_is_right_but_readiness()
    {
        var (api, url) = await Walls.NewApiAsync(withFilter: true, withPolicies: false);
        await using var stop = api;
        Assert.That((await FindWrongCellsAsync(api, url)).Where(cell => cell.Endpoint != Readiness), Is.Empty);
    }

    [Test]
    public async Task Without_both_walls_cells_of_every_endpoint_with_rows_are_wrong()
    {
        var (api, url) = await Walls.NewApiAsync(withFilter: false, withPolicies: false);
        await using var stop = api;
        var wrong = await FindWrongCellsAsync(api, url);
        // Others may be wrong as well then: a search finds what is anybody's.
        Assert.That(
            wrong.Select(cell => cell.Endpoint).Distinct(),
            Is.SupersetOf(AccessExpectations.All.Where(one => one.Rows is not null).Select(one => one.Endpoint)),
            "else the matrix proves nothing");
    }

    private static async Task<IReadOnlyList<WrongCell>> FindWrongCellsAsync(ApiHost api, string databaseUrl)
    {
        var began = TimeProvider.System.GetTimestamp();
        await using var stage = await AccessStage.SetAsync(api, databaseUrl);
        using var matrix = new AccessMatrix(api, stage);
        var wrong = await matrix.FindWrongCellsAsync();
        await TestContext.Progress.WriteLineAsync(
            $"{TestContext.CurrentContext.Test.Name}: {wrong.Count} of {matrix.Cells} cells wrong, "
            + $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:F1} s");
        return wrong;
    }
}
