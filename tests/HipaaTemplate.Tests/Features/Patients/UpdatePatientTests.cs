using System.Net;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Features.Patients;

[Hipaa(Citations.Integrity)]
internal sealed class UpdatePatientTests
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
    public async Task An_update_replaces_everything_and_leaves_the_id_and_the_date_of_registration()
    {
        var stored = await doctor.CreatePatientAsync();
        var sent = PatientCalls.Full();

        using var response = await doctor.PutPatientAsync(stored.Id, sent, stored.EntityTag);

        var patient = await response.ShouldBeJsonAsync();
        foreach (var (member, value) in sent)
        {
            Assert.That(patient.GetProperty(member).GetString(), Is.EqualTo(value!.GetValue<string>()), member);
        }

        Assert.That(patient.GetProperty("id").GetGuid(), Is.EqualTo(stored.Id));
        Assert.That(
            patient.GetProperty("created_at").GetString(),
            Is.EqualTo(stored.Body.GetProperty("created_at").GetString()));
        Assert.That(
            patient.GetProperty("updated_at").GetDateTimeOffset(),
            Is.GreaterThan(stored.Body.GetProperty("updated_at").GetDateTimeOffset()));
        Assert.That(await ReadAsync(stored.Path), Is.EqualTo(patient.GetRawText()));
    }

    [Test]
    public async Task An_update_that_leaves_a_field_out_empties_it()
    {
        var stored = await doctor.CreatePatientAsync(PatientCalls.Full());

        using var response = await doctor.PutPatientAsync(stored.Id, PatientCalls.Minimal(), stored.EntityTag);

        var patient = await response.ShouldBeJsonAsync();
        Assert.That(patient.GetProperty("medical_history").GetString(), Is.Null);
        Assert.That(patient.GetProperty("sex").GetString(), Is.EqualTo("unknown"));
        Assert.That(await clinic.ReadColumnAsync(stored.Id, "email"), Is.EqualTo(DBNull.Value));
    }

    [Test]
    public async Task Each_update_gives_a_new_version_that_the_next_one_needs()
    {
        var stored = await doctor.CreatePatientAsync();

        using var second = await doctor.PutPatientAsync(stored.Id, PatientCalls.Minimal(), stored.EntityTag);
        using var third = await doctor.PutPatientAsync(
            stored.Id, PatientCalls.Minimal(), second.Headers.ETag!.ToString());
        using var read = await doctor.GetAsync(stored.Path);

        Assert.That(second.Headers.ETag.ToString(), Is.EqualTo("\"2\""));
        Assert.That(third.Headers.ETag?.ToString(), Is.EqualTo("\"3\""));
        Assert.That(read.Headers.ETag?.ToString(), Is.EqualTo("\"3\""));
    }

    [Test]
    public async Task An_update_must_say_which_version_it_was_made_from()
    {
        var stored = await doctor.CreatePatientAsync();

        using var response = await doctor.PutPatientAsync(stored.Id, PatientCalls.Full(), ifMatch: null);

        await response.ShouldBeAsync(RequestErrors.PreconditionRequired);
        await ShouldBeUnchangedAsync(stored);
    }

    [TestCase("\"2\"", TestName = "A_version_that_is_not_there_yet_is_refused")]
    [TestCase("\"0\"", TestName = "An_old_version_is_refused")]
    [TestCase("W/\"1\"", TestName = "A_weak_tag_never_matches")]
    [TestCase("\"7\", \"8\"", TestName = "A_list_without_the_version_is_refused")]
    [TestCase("1", TestName = "A_version_without_quotes_is_refused")]
    [TestCase("", TestName = "An_empty_If_Match_is_refused")]
    [TestCase("\"1", TestName = "A_version_with_one_quote_is_refused")]
    [TestCase("\"1\" \"1\"", TestName = "A_list_without_commas_is_refused")]
    [TestCase("\"1\", nonsense", TestName = "A_list_that_is_partly_nonsense_is_refused")]
    public async Task Refused(string ifMatch)
    {
        var stored = await doctor.CreatePatientAsync();

        using var response = await doctor.PutPatientAsync(stored.Id, PatientCalls.Full(), ifMatch);

        await response.ShouldBeAsync(RequestErrors.PreconditionFailed);
        await ShouldBeUnchangedAsync(stored);
    }

    [TestCase("*", TestName = "A_star_matches_whatever_is_there")]
    [TestCase("\"7\", \"1\"", TestName = "A_list_that_holds_the_version_matches")]
    [TestCase("W/\"1\", \"1\"", TestName = "A_list_matches_by_its_strong_tag")]
    public async Task Accepted(string ifMatch)
    {
        var stored = await doctor.CreatePatientAsync();

        using var response = await doctor.PutPatientAsync(stored.Id, PatientCalls.Full(), ifMatch);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task What_was_changed_since_it_was_read_is_not_overwritten()
    {
        var stored = await doctor.CreatePatientAsync();
        using var first = await doctor.PutPatientAsync(
            stored.Id, PatientCalls.Minimal().With("given_name", "First"), stored.EntityTag);

        using var second = await doctor.PutPatientAsync(
            stored.Id, PatientCalls.Minimal().With("given_name", "Second"), stored.EntityTag);

        await second.ShouldBeAsync(RequestErrors.PreconditionFailed);
        Assert.That(second.Headers.ETag, Is.Null);
        Assert.That(await clinic.RevealAsync(stored.Id, patient => patient.GivenName), Is.EqualTo("First"));
    }

    [Test]
    public async Task Of_several_who_save_the_same_version_at_the_same_moment_one_wins()
    {
        for (var round = 0; round < 5; round++)
        {
            var stored = await doctor.CreatePatientAsync();

            var responses = await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => doctor.PutPatientAsync(
                stored.Id, PatientCalls.Minimal().With("given_name", $"Writer {writer}"), stored.EntityTag)));

            var winner = responses.Single(response => response.StatusCode == HttpStatusCode.OK);
            foreach (var loser in responses.Where(response => response != winner))
            {
                await loser.ShouldBeAsync(RequestErrors.PreconditionFailed);
            }

            var name = (await winner.ShouldBeJsonAsync()).GetProperty("given_name").GetString();
            Assert.That(await clinic.RevealAsync(stored.Id, patient => patient.GivenName), Is.EqualTo(name));
            Assert.That(await clinic.ReadColumnAsync(stored.Id, "version"), Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Two_who_insist_with_a_star_at_the_same_moment_do_not_both_win_unseen()
    {
        var stored = await doctor.CreatePatientAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ =>
            doctor.PutPatientAsync(stored.Id, PatientCalls.Minimal(), "*")));

        // Whoever was let through was counted; the others were told.
        var won = responses.Count(response => response.StatusCode == HttpStatusCode.OK);
        Assert.That(won, Is.AtLeast(1));
        Assert.That(await clinic.ReadColumnAsync(stored.Id, "version"), Is.EqualTo(1 + won));
        foreach (var loser in responses.Where(response => response.StatusCode != HttpStatusCode.OK))
        {
            await loser.ShouldBeAsync(RequestErrors.PreconditionFailed);
        }
    }

    [Test]
    public async Task An_update_cannot_take_another_patients_record_number()
    {
        var mrn = PatientCalls.NewMrn();
        await doctor.CreatePatientAsync(PatientCalls.Minimal(mrn));
        var stored = await doctor.CreatePatientAsync();

        using var response = await doctor.PutPatientAsync(stored.Id, PatientCalls.Full(mrn), stored.EntityTag);

        await response.ShouldBeAsync(PatientErrors.MrnTaken);
        Assert.That(response.Headers.ETag, Is.Null);
        await ShouldBeUnchangedAsync(stored);
    }

    [Test]
    public async Task A_patient_keeps_its_own_record_number_through_an_update()
    {
        var mrn = PatientCalls.NewMrn();
        var stored = await doctor.CreatePatientAsync(PatientCalls.Minimal(mrn));

        using var response = await doctor.PutPatientAsync(stored.Id, PatientCalls.Full(mrn), stored.EntityTag);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task A_patient_who_was_never_registered_cannot_be_updated_into_being()
    {
        var id = Guid.CreateVersion7();

        using var withStar = await doctor.PutPatientAsync(id, PatientCalls.Full(), "*");
        using var without = await doctor.PutPatientAsync(id, PatientCalls.Full(), ifMatch: null);

        await withStar.ShouldBeAsync(PatientErrors.NotFound);
        await without.ShouldBeAsync(PatientErrors.NotFound);
    }

    [Test]
    public async Task An_invalid_update_is_refused_by_name_and_changes_nothing()
    {
        var stored = await doctor.CreatePatientAsync();

        using var response = await doctor.PutPatientAsync(
            stored.Id, PatientCalls.Full().Without("birth_date"), stored.EntityTag);

        var problem = await response.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        Assert.That(
            problem.GetProperty("errors").GetRawText(), Is.EqualTo("""{"birth_date":["is required"]}"""));
        await ShouldBeUnchangedAsync(stored);
    }

    private async Task ShouldBeUnchangedAsync(Stored stored) =>
        Assert.That(await ReadAsync(stored.Path), Is.EqualTo(stored.Body.GetRawText()));

    private async Task<string> ReadAsync(string path)
    {
        using var response = await doctor.GetAsync(path);
        return (await response.ShouldBeJsonAsync()).GetRawText();
    }
}
