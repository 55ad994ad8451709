namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>The walls one at a time (see WallsTests), with patients.</summary>
[Hipaa(Citations.AccessControl)]
internal sealed class PatientWallsTests
{
    [TestCase(true, true, TestName = "As shipped no patient crosses")]
    [TestCase(false, true, TestName = "Without the query filter no patient crosses")]
    [TestCase(true, false, TestName = "Without policies no patient crosses")]
    public async Task No_patient_crosses(bool withFilter, bool withPolicies)
    {
        var (api, _) = await Walls.NewApiAsync(withFilter, withPolicies);
        await using var stop = api;
        Assert.That(await CrossTenantProbes.CrossingsAsync(api, PatientAccess.Rows), Is.Empty);
    }

    /// <summary>
    /// Behind both walls stand the keys: the row is found, which the probes call a crossing, and nothing of it
    /// can be opened; and the stamp, which stops a handler that loads and saves.
    /// </summary>
    [Test]
    public async Task Without_both_walls_rows_are_found_and_stay_sealed()
    {
        var (api, _) = await Walls.NewApiAsync(withFilter: false, withPolicies: false);
        await using var stop = api;
        var crossings = await CrossTenantProbes.CrossingsAsync(api, PatientAccess.Rows);
        Assert.That(crossings, Has.Some.StartsWith("GET").And.EndsWith(": 500"), "else the probes prove nothing");
        Assert.That(crossings, Has.None.Contains(CrossTenantProbes.Shown).And.None.StartsWith("CHANGED"));
    }
}
