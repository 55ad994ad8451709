namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>Two tenants at once on the same pools of contexts and connections, with the walls one at a time.</summary>
// They take the whole machine: beside them others' patience would run out.
[NonParallelizable]
internal sealed class InterleavingTests
{
    private const int Requests = 20_000;
    private const int FewRequests = 160;

    [TestCase(true, true, Server.Direct, TestName = "Of 20,000 interleaved requests none crosses")]
    [TestCase(false, true, Server.Direct, TestName = "Of 20,000 interleaved requests none crosses without the query filter")]
    [TestCase(true, false, Server.Direct, TestName = "Of 20,000 interleaved requests none crosses without policies")]
    [TestCase(true, true, Server.PgBouncer, TestName = "Of 20,000 interleaved requests none crosses behind PgBouncer")]
    public async Task None_crosses(bool withFilter, bool withPolicies, Server server)
    {
        await using var api = await NewApiAsync(withFilter, withPolicies, server);
        using var interleaving = await Interleaving.StartAsync(api);
        await interleaving.RunAsync(Requests);
        Assert.That(interleaving.Crossings, Is.Empty);
        Assert.That(interleaving.Unexpected, Is.Empty);
        await interleaving.ShouldBeIntactAsync();
    }

    [TestCase(Server.Direct)]
    [TestCase(Server.PgBouncer)]
    public async Task Without_both_walls_far_fewer_requests_find_crossings(Server server)
    {
        await using var api = await NewApiAsync(withFilter: false, withPolicies: false, server);
        using var interleaving = await Interleaving.StartAsync(api);
        await interleaving.RunAsync(FewRequests);
        Assert.That(interleaving.Crossings, Is.Not.Empty, "else the requests cannot see one");
    }

    private static async Task<ApiHost> NewApiAsync(bool withFilter, bool withPolicies, Server server)
    {
        // Few connections, so that each is handed from one tenant to the other all the time.
        var settings = new Dictionary<string, string> { ["DATABASE_POOL_SIZE"] = "4" };
        return (await Walls.NewApiAsync(withFilter, withPolicies, server, settings)).Api;
    }
}
