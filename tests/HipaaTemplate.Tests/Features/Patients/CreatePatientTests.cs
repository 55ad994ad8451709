using System.Net;
using HipaaTemplate.Features.Patients;

namespace HipaaTemplate.Tests.Features.Patients;

internal sealed class CreatePatientTests
{
    private Clinic clinic = null!;
    private HttpClient doctor = null!;

    [OneTimeSetUp]
    public async Task OpenClinicAsync()
    {
        clinic = await App.NewClinicAsync();
        doctor = App.As(clinic.Doctor);
    }

    [OneTimeTearDown]
    public void Leave() => doctor.Dispose();

    [Test]
    public async Task A_new_patient_is_answered_with_its_address_and_its_version()
    {
        var response = await doctor.PostPatientAsync(PatientCalls.Minimal());

        var patient = await response.ShouldBeJsonAsync(HttpStatusCode.Created);
        var id = patient.GetProperty("id").GetGuid();
        Assert.Multiple(() =>
        {
            Assert.That(response.Headers.Location?.ToString(), Is.EqualTo($"/api/v1/patients/{id}"));
            Assert.That(response.Headers.ETag?.ToString(), Is.EqualTo("\"1\""));
            Assert.That(id.Version, Is.EqualTo(7));
        });
        using var read = await doctor.GetAsync(response.Headers.Location);
        Assert.That(read.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Every_field_that_was_sent_comes_back_and_the_id_comes_first()
    {
        var sent = PatientCalls.Full();

        var patient = (await doctor.CreatePatientAsync(sent)).Body;

        var names = patient.EnumerateObject().Select(member => member.Name).ToArray();
        Assert.That(names[0], Is.EqualTo("id"));
        Assert.That(names, Is.EquivalentTo(
            sent.Select(member => member.Key).Concat(["id", "created_at", "updated_at"])));
        foreach (var (member, value) in sent)
        {
            Assert.That(patient.GetProperty(member).GetString(), Is.EqualTo(value!.GetValue<string>()), member);
        }
    }

    [Test]
    public async Task Fields_that_were_left_out_come_back_as_null_and_the_sex_as_unknown()
    {
        var patient = (await doctor.CreatePatientAsync(PatientCalls.Minimal())).Body;

        Assert.That(patient.GetProperty("sex").GetString(), Is.EqualTo("unknown"));
        foreach (var member in new[] { "email", "phone", "address", "emergency_contact", "medical_history" })
        {
            Assert.That(patient.GetProperty(member).ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null), member);
        }
    }

    [Test]
    public async Task Times_are_UTC_and_of_now()
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);

        var patient = (await doctor.CreatePatientAsync()).Body;

        var created = patient.GetProperty("created_at").GetDateTimeOffset();
        Assert.That(created.Offset, Is.EqualTo(TimeSpan.Zero));
        Assert.That(created, Is.InRange(before, TimeProvider.System.GetUtcNow()));
        Assert.That(patient.GetProperty("updated_at").GetDateTimeOffset(), Is.EqualTo(created));
    }

    [Test]
    public async Task Reading_a_new_patient_gives_the_same_bytes_as_creating_it_did()
    {
        var created = await doctor.PostPatientAsync(PatientCalls.Full());
        using var read = await doctor.GetAsync(created.Headers.Location);

        Assert.That(
            await read.Content.ReadAsStringAsync(), Is.EqualTo(await created.Content.ReadAsStringAsync()));
        Assert.That(read.Headers.ETag, Is.EqualTo(created.Headers.ETag));
    }

    [Test]
    public async Task The_row_belongs_to_the_tenant_of_the_token()
    {
        var patient = await doctor.CreatePatientAsync();

        Assert.That(await clinic.ReadColumnAsync(patient.Id, "tenant_id"), Is.EqualTo(clinic.Id.Value));
    }

    [Test]
    public async Task A_medical_record_number_is_given_once_in_a_clinic()
    {
        var mrn = PatientCalls.NewMrn();
        await doctor.CreatePatientAsync(PatientCalls.Minimal(mrn));

        using var second = await doctor.PostPatientAsync(PatientCalls.Full(mrn));

        await second.ShouldBeAsync(PatientErrors.MrnTaken);
        Assert.That(second.Headers.ETag, Is.Null);
        Assert.That(second.Headers.Location, Is.Null);
    }

    [Test]
    public async Task Two_clinics_may_use_the_same_medical_record_number()
    {
        var mrn = PatientCalls.NewMrn();
        var other = await App.NewClinicAsync();

        var here = await doctor.CreatePatientAsync(PatientCalls.Minimal(mrn));
        var there = await App.As(other.Doctor).CreatePatientAsync(PatientCalls.Minimal(mrn));

        Assert.That(there.Id, Is.Not.EqualTo(here.Id));
    }

    [Test]
    public async Task Of_twenty_who_register_one_number_at_the_same_moment_one_succeeds()
    {
        var crowded = await App.NewClinicAsync();
        using var user = App.As(crowded.Doctor);
        var mrn = PatientCalls.NewMrn();

        var responses = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => user.PostPatientAsync(PatientCalls.Minimal(mrn))));

        Assert.That(responses.Count(r => r.StatusCode == HttpStatusCode.Created), Is.EqualTo(1));
        foreach (var refused in responses.Where(r => r.StatusCode != HttpStatusCode.Created))
        {
            await refused.ShouldBeAsync(PatientErrors.MrnTaken);
        }

        Assert.That(await crowded.CountPatientsAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task The_description_names_the_words_for_sex()
    {
        using var response = await App.Api.Anonymous().GetAsync("/openapi.json");

        var schemas = (await response.ShouldBeJsonAsync()).GetProperty("components").GetProperty("schemas");
        var sex = schemas.GetProperty("Sex");
        Assert.That(sex.GetProperty("type").GetString(), Is.EqualTo("string"));
        Assert.That(
            sex.GetProperty("enum").EnumerateArray().Select(word => word.GetString()),
            Is.EqualTo(new[] { "unknown", "female", "male", "other" }));
    }
}
