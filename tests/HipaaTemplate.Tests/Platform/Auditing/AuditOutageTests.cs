using System.Text;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>No event, no data; and nothing changed.</summary>
[NonParallelizable]
[Hipaa(Citations.AuditControls)]
internal sealed class AuditOutageTests
{
    private const string Canary = "Lindqvist";

    private ApiHost api = null!;
    private string url = null!;
    private Clinic clinic = null!;
    private HttpClient doctor = null!;
    private Guid row;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, url) = await App.NewApiAsync(configureServices: services => services.AddTestFeature(new RevealingFeature()));
        clinic = await App.NewClinicAsync(api);
        doctor = App.As(api, clinic.Doctor);
        using var response = await doctor.PostAsync(RevealingFeature.Path, null);
        row = Guid.Parse(await response.Content.ReadAsStringAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        doctor.Dispose();
        await api.DisposeAsync();
    }

    [SetUp]
    public Task BreakAsync() => AsDbaAsync($"ALTER TABLE {AuditTables.Events} ADD CONSTRAINT nothing CHECK (false) NOT VALID");

    [TearDown]
    public Task MendAsync() => AsDbaAsync($"ALTER TABLE {AuditTables.Events} DROP CONSTRAINT nothing");

    [Test]
    public async Task Nothing_is_shown()
    {
        using var response = await doctor.GetAsync($"{RevealingFeature.Path}/{row}");

        await response.ShouldBeAsync(AuditErrors.Unavailable);
        Assert.That(response.Headers.RetryAfter, Is.Not.Null);
    }

    [Test]
    public async Task Nothing_is_shown_by_a_handler_that_writes_the_response_itself()
    {
        var shown = new StringBuilder();
        try
        {
            // Each byte as it comes: a client that waits for the end would be spared what came before it broke.
            using var response = await doctor.GetAsync($"{RevealingFeature.Path}/{row}/itself", HttpCompletionOption.ResponseHeadersRead);
            shown.Append(response.StatusCode);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
            for (var next = reader.Read(); next >= 0; next = reader.Read())
            {
                shown.Append((char)next);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            shown.Append(" broken");
        }

        Assert.That($"{shown}", Does.Not.Contain(Canary).And.Not.StartWith("OK"));
    }

    [Test]
    public async Task Nothing_is_stored()
    {
        var before = await CountAsync();
        using var added = await doctor.PostAsync(RevealingFeature.Path, null);
        using var two = await doctor.PostAsync($"{RevealingFeature.Path}/two", null);
        using var removed = await doctor.DeleteAsync($"{RevealingFeature.Path}/{row}");

        await added.ShouldBeAsync(AuditErrors.Unavailable);
        await two.ShouldBeAsync(AuditErrors.Unavailable);
        await removed.ShouldBeAsync(AuditErrors.Unavailable);
        Assert.That(await CountAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task Who_is_refused_is_told_that_it_cannot_be_said()
    {
        using var patient = App.As(api, clinic.Patient);
        using var response = await patient.GetAsync($"{RevealingFeature.Path}/{row}");
        using var stranger = api.WithToken("e30.e30.e30");
        using var refused = await stranger.GetAsync(ProbeFeature.Path);

        await response.ShouldBeAsync(AuditErrors.Unavailable);
        await refused.ShouldBeAsync(AuditErrors.Unavailable);
    }

    [Test]
    public async Task What_was_lost_is_told_by_the_next_event()
    {
        using (var lost = await doctor.GetAsync($"{RevealingFeature.Path}/{row}"))
        {
            await lost.ShouldBeAsync(AuditErrors.Unavailable);
        }

        await MendAsync();
        using var response = await doctor.GetAsync($"{RevealingFeature.Path}/{row}");
        await BreakAsync();

        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(Canary));
        var entry = (await response.EventsOfAsync(clinic.Id, url)).Single();
        Assert.That(entry.Void, Does.Contain(entry.Number - 1));
        var events = (await TrailReader.EventsAsync(url, clinic.Id)).Select(stamped => stamped.Entry).Where(one => one.Writer == entry.Writer).ToList();
        Assert.That(
            events.Select(one => one.Number).Concat(events.SelectMany(one => one.Void)).Order(),
            Is.EqualTo(Enumerable.Range(0, (int)entry.Number + 1)), "no number without a word about it");
    }

    [Test]
    public async Task Those_who_touch_no_patients_data_notice_nothing()
    {
        using var response = await doctor.GetAsync(ProbeFeature.Path);

        Assert.That(response.IsSuccessStatusCode, Is.True);
    }

    private async Task<long> CountAsync()
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        return await dba.ScalarAsync<long>("SELECT count(*) FROM app.sealed_probes");
    }

    private async Task AsDbaAsync(string sql)
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await dba.ExecuteAsync(sql);
    }
}
