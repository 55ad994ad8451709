using System.Net;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>What a request did with patients' data is in the trail, or it did nothing.</summary>
[Hipaa(Citations.AuditControls)]
internal sealed class AccessRecordTests
{
    private const string Canary = "Lindqvist";

    private ApiHost api = null!;
    private string url = null!;
    private Clinic clinic = null!;
    private HttpClient doctor = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, url) = await App.NewApiAsync(configureServices: services => services.AddTestFeature(new RevealingFeature()));
        clinic = await App.NewClinicAsync(api);
        doctor = App.As(api, clinic.Doctor);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        doctor.Dispose();
        await api.DisposeAsync();
    }

    [Test]
    public async Task A_row_that_is_added_is_named_in_its_transaction()
    {
        using var response = await doctor.PostAsync(RevealingFeature.Path, null);
        var id = Guid.Parse(await response.Content.ReadAsStringAsync());

        var entry = (await EventsOfAsync(response)).Single();
        Assert.Multiple(() =>
        {
            Assert.That(entry.Action, Is.EqualTo("change_records"));
            Assert.That(entry.Outcome, Is.EqualTo("success"));
            Assert.That(entry.Records, Is.EqualTo(new[] { new AuditedRecord('C', 9001, id) }));
            Assert.That(entry.Patients, Is.EqualTo(new[] { id }));
        });
    }

    [Test]
    [Hipaa(Citations.UniqueUser)]
    public async Task Who_reads_is_named_with_why_and_from_where()
    {
        var id = await AddAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{RevealingFeature.Path}/{id}");
        request.Headers.Add(PurposesOfUse.Header, "HPAYMT");
        using var response = await doctor.SendAsync(request);
        var me = (await (await doctor.GetAsync("/api/v1/me")).ShouldBeJsonAsync()).GetProperty("user").GetProperty("id").GetString();

        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(Canary));
        var entry = (await EventsOfAsync(response)).Single();
        Assert.Multiple(() =>
        {
            Assert.That(entry.Action, Is.EqualTo("read_records"));
            Assert.That(entry.Records, Is.EqualTo(new[] { new AuditedRecord('R', 9001, id) }));
            Assert.That((entry.ActorType, entry.Actor), Is.EqualTo(("user", me)));
            Assert.That(entry.Purpose, Is.EqualTo("HPAYMT"));
            Assert.That(entry.Address, Is.EqualTo("127.0.0.1"));
            Assert.That(entry.Endpoint, Is.EqualTo("GET /api/v1/revealing/{id:guid}"));
            Assert.That(entry.Trace, Does.Match("^[0-9a-f]{32}$"));
        });
    }

    [Test]
    public async Task A_row_that_was_changed_and_shown_is_named_once()
    {
        var id = await AddAsync();
        using var response = await doctor.PutAsync($"{RevealingFeature.Path}/{id}", null);

        Assert.That((await EventsOfAsync(response)).Single().Records, Is.EqualTo(new[] { new AuditedRecord('U', 9001, id) }));
    }

    [Test]
    public async Task A_row_that_is_removed_is_named()
    {
        var id = await AddAsync();
        using var response = await doctor.DeleteAsync($"{RevealingFeature.Path}/{id}");

        Assert.That((await EventsOfAsync(response)).Single().Records, Is.EqualTo(new[] { new AuditedRecord('D', 9001, id) }));
    }

    [Test]
    public async Task All_of_a_transaction_is_one_event()
    {
        using var response = await doctor.PostAsync($"{RevealingFeature.Path}/two", null);
        var ids = (await response.Content.ReadAsStringAsync()).Split(' ').Select(Guid.Parse);

        Assert.That((await EventsOfAsync(response)).Single().Patients, Is.EquivalentTo(ids));
    }

    [Test]
    public async Task What_was_rolled_back_is_not_told_as_done()
    {
        using var response = await doctor.PostAsync($"{RevealingFeature.Path}/undone", null);
        var id = Guid.Parse(await response.Content.ReadAsStringAsync());

        Assert.That((await EventsOfAsync(response)).Single().Patients, Is.EqualTo(new[] { id }));
    }

    [Test]
    public async Task A_handler_that_writes_the_response_itself_is_in_the_trail()
    {
        var id = await AddAsync();
        using var response = await doctor.GetAsync($"{RevealingFeature.Path}/{id}/itself");

        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(Canary));
        Assert.That((await EventsOfAsync(response)).Single().Patients, Is.EqualTo(new[] { id }));
    }

    [Test]
    public async Task What_would_be_revealed_after_the_event_is_not()
    {
        var id = await AddAsync();
        using var response = await doctor.GetAsync($"{RevealingFeature.Path}/{id}/later");

        await response.ShouldBeAsync(RequestErrors.Unexpected);
    }

    [Test]
    public async Task Looking_for_somebody_is_an_event_when_nobody_is_found()
    {
        using var response = await doctor.GetAsync($"{RevealingFeature.Path}/looked-for");

        var entry = (await EventsOfAsync(response)).Single();
        Assert.That((entry.Action, entry.Patients.Count), Is.EqualTo(("search_records", 0)));
    }

    [Test]
    public async Task A_purpose_that_is_none_is_refused([Values("", "treat", "CURIOSITY", "TREAT,ETREAT")] string purpose)
    {
        var id = await AddAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{RevealingFeature.Path}/{id}");
        request.Headers.TryAddWithoutValidation(PurposesOfUse.Header, purpose);
        using var response = await doctor.SendAsync(request);

        await response.ShouldBeAsync(AuditErrors.UnknownPurpose);
        Assert.That(await EventsOfAsync(response), Is.Empty);
    }

    [Test]
    public async Task Who_lacks_the_role_is_in_the_trail()
    {
        var id = await AddAsync();
        using var patient = App.As(api, clinic.Patient);
        using var response = await patient.GetAsync($"{RevealingFeature.Path}/{id}");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        var entry = (await EventsOfAsync(response)).Single();
        Assert.That((entry.Action, entry.Outcome, entry.Code), Is.EqualTo(("refuse_access", "refused", "PERM_001")));
        Assert.That(entry.ActorType, Is.EqualTo("user"));
    }

    [Test]
    public async Task A_record_that_is_not_there_for_somebody_is_in_the_trail()
    {
        using var response = await doctor.GetAsync($"{ProbeFeature.Path}/{Guid.CreateVersion7()}");

        await response.ShouldBeAsync(ProbeFeature.NotFound);
        var entry = (await EventsOfAsync(response)).Single();
        Assert.That((entry.Action, entry.Code), Is.EqualTo(("refuse_access", ProbeFeature.NotFound.Code)));
    }

    [Test]
    [Hipaa(Citations.LogInMonitoring)]
    public async Task A_token_that_is_refused_is_in_the_platforms_log()
    {
        using var client = api.WithToken("e30.e30.e30");
        using var response = await client.GetAsync(ProbeFeature.Path);

        var entry = (await response.EventsOfAsync(AuditEntry.Platform, url)).Single();
        Assert.That((entry.Action, entry.ActorType, entry.Actor, entry.Code), Is.EqualTo(("refuse_sign_in", "unknown", (string?)null, "AUTH_002")));
    }

    [Test]
    public async Task Who_sends_no_token_or_reads_nobodys_data_is_not_in_the_trail()
    {
        using var anonymous = api.Anonymous();
        foreach (var response in new[] { await anonymous.GetAsync(ProbeFeature.Path), await doctor.GetAsync("/api/v1/errors"), await doctor.GetAsync(ProbeFeature.Path) })
        {
            Assert.That(await response.EventsOfAsync(AuditEntry.Platform, url), Is.Empty);
            Assert.That(await EventsOfAsync(response), Is.Empty);
            response.Dispose();
        }
    }

    private Task<List<AuditEntry>> EventsOfAsync(HttpResponseMessage response) => response.EventsOfAsync(clinic.Id, url);

    private async Task<Guid> AddAsync()
    {
        using var response = await doctor.PostAsync(RevealingFeature.Path, null);
        return Guid.Parse(await response.Content.ReadAsStringAsync());
    }
}
