using System.Net.Http.Json;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>The tenant travels with the query: the walls cost no round trip.</summary>
internal sealed class RoundTripTests
{
    private CountedApi counted = null!;
    private TestUser admin = null!;
    private string row = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        counted = new CountedApi();
        admin = (await App.NewClinicAsync()).Admin;
        var created = await App.As(admin).PostAsJsonAsync(ProbeFeature.Path, new { text = "counted" });
        row = created.Headers.Location!.ToString();
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => counted.DisposeAsync();

    [Test]
    public async Task Reading_one_row_is_one_round_trip() =>
        Assert.That(await counted.RoundTripsOfAsync(client => client.GetAsync(row), admin), Is.EqualTo(1));

    [Test]
    public async Task Reading_a_list_is_one_round_trip() =>
        Assert.That(await counted.RoundTripsOfAsync(client => client.GetAsync(ProbeFeature.Path), admin), Is.EqualTo(1));

    /// <summary>BEGIN travels with the tenant; then the row and COMMIT.</summary>
    [Test]
    public async Task Storing_a_row_is_three_round_trips() => Assert.That(
        await counted.RoundTripsOfAsync(
            client => client.PostAsJsonAsync(ProbeFeature.Path, new { text = $"{Guid.CreateVersion7()}" }), admin),
        Is.EqualTo(3));
}
