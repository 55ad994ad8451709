using System.Diagnostics.CodeAnalysis;

/// <summary>In no namespace, so that NUnit runs it around every test of the assembly.</summary>
[SetUpFixture]
[SuppressMessage("Design", "CA1050", Justification = "See above.")]
[SuppressMessage("Design", "MA0047", Justification = "See above.")]
public sealed class WholeRun
{
    [OneTimeSetUp]
    public Task StartAsync() => App.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await App.StopAsync();
        ComplianceFile.Write();
    }
}
