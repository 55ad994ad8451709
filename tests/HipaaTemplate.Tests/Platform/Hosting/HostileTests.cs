namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>Attacks on every endpoint, once as somebody who may do everything and once as nobody.</summary>
internal abstract class HostileTests(string caller)
{
    protected const string Canary = HostileRun.Canary;

    protected HostileRun Run { get; private set; } = null!;

    [SetUp]
    public async Task SignInAsync() => Run = await HostileRun.AsAsync(caller);

    [TearDown]
    public void Leave() => Run.Dispose();
}
