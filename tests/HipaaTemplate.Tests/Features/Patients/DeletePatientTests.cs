using System.Net;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Features.Patients;

[Hipaa(Citations.Integrity)]
internal sealed class DeletePatientTests
{
    private Clinic clinic = null!;
    private HttpClient admin = null!;

    [SetUp]
    public async Task OpenClinicAsync()
    {
        clinic = await App.NewClinicAsync();
        admin = App.As(clinic.Admin);
    }

    [TearDown]
    public void Leave() => admin.Dispose();

    [Test]
    public async Task A_removed_patient_is_gone_from_every_view()
    {
        var stored = await admin.CreatePatientAsync();
        var absent = $"{PatientCalls.Path}/{Guid.CreateVersion7()}";

        using var removed = await admin.DeletePatientAsync(stored.Id, stored.EntityTag);

        Assert.That(removed.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await removed.Content.ReadAsByteArrayAsync(), Is.Empty);
        using var read = await admin.GetAsync(stored.Path);
        using var neverThere = await admin.GetAsync(absent);
        await read.ShouldBeAsync(PatientErrors.NotFound);
        await read.ShouldBeIndistinguishableFromAsync(neverThere);
        using var updated = await admin.PutPatientAsync(stored.Id, PatientCalls.Minimal(), "*");
        await updated.ShouldBeAsync(PatientErrors.NotFound);
        using var again = await admin.DeletePatientAsync(stored.Id, "*");
        await again.ShouldBeAsync(PatientErrors.NotFound);
        using var list = await admin.GetAsync(PatientCalls.Path);
        Assert.That((await list.ShouldBeJsonAsync()).GetProperty("items").GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task The_row_of_a_removed_patient_stays_for_the_retention_period()
    {
        var stored = await admin.CreatePatientAsync(PatientCalls.Full());

        using var removed = await admin.DeletePatientAsync(stored.Id, stored.EntityTag);

        var deletedAt = await clinic.ReadColumnAsync(stored.Id, "deleted_at");
        Assert.That(deletedAt, Is.TypeOf<DateTime>());
        Assert.That((DateTime)deletedAt!, Is.EqualTo(TimeProvider.System.GetUtcNow().UtcDateTime).Within(1).Minutes);
        Assert.That(await clinic.RevealAsync(stored.Id, patient => patient.FamilyName), Is.EqualTo("Lindqvist"));
        Assert.That(await clinic.ReadColumnAsync(stored.Id, "version"), Is.EqualTo(2));
    }

    [Test]
    public async Task A_removed_patients_record_number_may_be_given_again_and_again()
    {
        var mrn = PatientCalls.NewMrn();
        for (var turn = 0; turn < 3; turn++)
        {
            var stored = await admin.CreatePatientAsync(PatientCalls.Minimal(mrn));
            using var removed = await admin.DeletePatientAsync(stored.Id, stored.EntityTag);
            Assert.That(removed.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        }

        Assert.That(await clinic.CountPatientsAsync(), Is.EqualTo(3));
    }

    [Test]
    public async Task Removing_must_say_which_version_was_seen()
    {
        var stored = await admin.CreatePatientAsync();

        using var without = await admin.DeletePatientAsync(stored.Id, ifMatch: null);
        using var stale = await admin.DeletePatientAsync(stored.Id, "\"7\"");

        await without.ShouldBeAsync(RequestErrors.PreconditionRequired);
        await stale.ShouldBeAsync(RequestErrors.PreconditionFailed);
        Assert.That(await clinic.ReadColumnAsync(stored.Id, "deleted_at"), Is.EqualTo(DBNull.Value));
    }

    [Test]
    public async Task A_patient_who_was_changed_meanwhile_is_not_removed()
    {
        var stored = await admin.CreatePatientAsync();
        using var changed = await admin.PutPatientAsync(stored.Id, PatientCalls.Minimal(), stored.EntityTag);

        using var removed = await admin.DeletePatientAsync(stored.Id, stored.EntityTag);

        await removed.ShouldBeAsync(RequestErrors.PreconditionFailed);
    }

    [Test]
    public async Task Of_a_change_and_a_removal_at_the_same_moment_one_wins()
    {
        for (var round = 0; round < 5; round++)
        {
            var stored = await admin.CreatePatientAsync();

            var responses = await Task.WhenAll(
                admin.PutPatientAsync(stored.Id, PatientCalls.Minimal(), stored.EntityTag),
                admin.DeletePatientAsync(stored.Id, stored.EntityTag));

            Assert.That(responses.Count(response => response.IsSuccessStatusCode), Is.EqualTo(1));
            // 404 where the removal was over before the change had read the patient.
            var loser = responses.Single(response => !response.IsSuccessStatusCode);
            await loser.ShouldBeAsync(
                loser.StatusCode == HttpStatusCode.NotFound ? PatientErrors.NotFound : RequestErrors.PreconditionFailed);
            Assert.That(await clinic.ReadColumnAsync(stored.Id, "version"), Is.EqualTo(2));
        }
    }

    [Test]
    public async Task A_patient_who_was_never_registered_cannot_be_removed()
    {
        using var response = await admin.DeletePatientAsync(Guid.CreateVersion7(), "*");

        await response.ShouldBeAsync(PatientErrors.NotFound);
    }
}
