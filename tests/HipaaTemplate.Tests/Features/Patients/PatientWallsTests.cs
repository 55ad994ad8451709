namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>The walls one at a time (see WallsTests), with patients.</summary>
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

    [Test]
    public async Task Without_both_walls_the_probes_find_leaks()
    {
        var (api, _) = await Walls.NewApiAsync(withFilter: false, withPolicies: false);
        await using var stop = api;
        var crossings = await CrossTenantProbes.CrossingsAsync(api, PatientAccess.Rows);
        Assert.That(crossings, Has.Some.StartsWith("LIST").And.Some.StartsWith("GET"), "else the probes prove nothing");
    }

    /// <summary>
    /// The stamp stands behind both walls: a handler that loads and saves is stopped by it even here.
    /// </summary>
    [Test]
    public async Task Without_both_walls_the_stamp_still_refuses_to_change_another_tenants_patient()
    {
        var (api, _) = await Walls.NewApiAsync(withFilter: false, withPolicies: false);
        await using var stop = api;
        Assert.That(
            await CrossTenantProbes.CrossingsAsync(api, PatientAccess.Rows),
            Has.None.StartsWith("CHANGED"));
    }
}
