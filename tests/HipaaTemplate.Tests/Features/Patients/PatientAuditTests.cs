using System.Net;
using System.Net.Http.Json;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Protection;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>Every request that shows or changes a patient names it in the audit trail.</summary>
[Hipaa(Citations.AuditControls)]
internal sealed class PatientAuditTests
{
    private static readonly int Table = PhiTable.Of(typeof(Patient)).Number;

    private Clinic clinic = null!;
    private HttpClient admin = null!;

    [SetUp]
    public async Task StartAsync()
    {
        clinic = await App.NewClinicAsync();
        admin = App.As(clinic.Admin);
    }

    [TearDown]
    public void Stop() => admin.Dispose();

    [Test]
    public async Task Each_use_of_a_patient_is_one_event_with_its_letter()
    {
        var patient = await admin.CreatePatientAsync();
        using var read = await admin.GetAsync(patient.Path);
        using var changed = await admin.PutPatientAsync(patient.Id, PatientCalls.Full(), patient.EntityTag);
        using var removed = await admin.DeletePatientAsync(patient.Id, changed.Headers.ETag!.ToString());

        var events = await EventsAsync();
        Assert.That(
            events.Select(entry => (entry.Action, entry.Records.Single())),
            Is.EqualTo(new[]
            {
                ("change_records", new AuditedRecord('C', Table, patient.Id)),
                ("read_records", new AuditedRecord('R', Table, patient.Id)),
                ("change_records", new AuditedRecord('U', Table, patient.Id)),
                ("change_records", new AuditedRecord('D', Table, patient.Id)),
            }));
        Assert.That(events.Select(entry => entry.Actor).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_list_names_the_patients_it_shows_and_no_other()
    {
        var patients = new List<Guid>();
        for (var i = 0; i < 4; i++)
        {
            patients.Add((await admin.CreatePatientAsync()).Id);
        }

        using var response = await admin.GetAsync($"{PatientCalls.Path}?limit=3");

        var entry = (await response.EventsOfAsync(clinic.Id)).Single();
        Assert.That(entry.Patients, Is.EquivalentTo(patients[1..]));
        Assert.That((await response.ShouldBeJsonAsync()).GetProperty("items").GetArrayLength(), Is.EqualTo(entry.Records.Count));
    }

    [Test]
    public async Task A_search_is_an_event_whether_or_not_somebody_is_found()
    {
        var patient = await admin.CreatePatientAsync();
        using var hit = await admin.PostAsJsonAsync($"{PatientCalls.Path}/search", new { mrn = patient.Body.GetProperty("mrn").GetString() });
        using var miss = await admin.PostAsJsonAsync($"{PatientCalls.Path}/search", new { mrn = PatientCalls.NewMrn() });
        using var malformed = await admin.PostAsJsonAsync($"{PatientCalls.Path}/search", new { });

        var (found, notFound) = ((await hit.EventsOfAsync(clinic.Id)).Single(), (await miss.EventsOfAsync(clinic.Id)).Single());
        Assert.Multiple(async () =>
        {
            Assert.That((found.Action, found.Patients.Single()), Is.EqualTo(("search_records", patient.Id)));
            Assert.That((notFound.Action, notFound.Patients.Count), Is.EqualTo(("search_records", 0)));
            Assert.That(await malformed.EventsOfAsync(clinic.Id), Is.Empty);
        });
    }

    [Test]
    public async Task A_patient_of_another_clinic_that_is_asked_for_is_an_event_of_who_asked()
    {
        using var other = App.As((await App.NewClinicAsync()).Admin);
        var theirs = await other.CreatePatientAsync();
        using var response = await admin.GetAsync(theirs.Path);

        var entry = (await response.EventsOfAsync(clinic.Id)).Single();
        Assert.That((entry.Action, entry.Outcome, entry.Code, entry.Patients.Count), Is.EqualTo(("refuse_access", "refused", PatientErrors.NotFound.Code, 0)));
    }

    [Test]
    public async Task A_number_that_is_taken_says_that_somebody_has_it()
    {
        var mrn = PatientCalls.NewMrn();
        await admin.CreatePatientAsync(PatientCalls.Minimal(mrn));
        using var response = await admin.PostPatientAsync(PatientCalls.Minimal(mrn));

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((await response.EventsOfAsync(clinic.Id)).Single().Code, Is.EqualTo(PatientErrors.MrnTaken.Code));
    }

    [Test]
    public async Task A_thousand_readers_at_once_are_a_thousand_events([Values] Server server)
    {
        const int readers = 1_000;
        var patient = await admin.CreatePatientAsync();
        using var client = App.As(await App.ApiAsync(server), clinic.Doctor);
        var answers = await Task.WhenAll(Enumerable.Range(0, readers).Select(async _ =>
        {
            using var response = await client.GetAsync(patient.Path);
            return (response.StatusCode, Request: response.Headers.GetValues("X-Request-Id").Single());
        }));

        Assert.That(answers.Select(answer => answer.StatusCode), Is.All.EqualTo(HttpStatusCode.OK));
        Assert.That(
            (await EventsAsync()).Where(entry => entry.Action == "read_records").Select(entry => entry.Request),
            Is.EquivalentTo(answers.Select(answer => answer.Request)));
    }

    private async Task<List<AuditEntry>> EventsAsync() =>
        [.. (await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id)).Select(stamped => stamped.Entry)];
}
