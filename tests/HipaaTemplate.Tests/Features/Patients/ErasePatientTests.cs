using System.Net;
using System.Text.Json;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Protection;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>What callers of the API see of a patient whose key was destroyed: nothing, and nobody else is missing.</summary>
[Hipaa(Citations.Media)]
internal sealed class ErasePatientTests
{
    private const string Indexes =
        "mrn_index_a, mrn_index_b, email_index_a, email_index_b, phone_index_a, phone_index_b, family_name_birth_date_index_a, family_name_birth_date_index_b";

    private Clinic clinic = null!;
    private HttpClient admin = null!;
    private string folder = null!;

    [SetUp]
    public async Task OpenClinicAsync()
    {
        clinic = await App.NewClinicAsync();
        admin = App.As(clinic.Admin);
        folder = Directory.CreateTempSubdirectory("hipaa-erase-").FullName;
    }

    [TearDown]
    public void Leave()
    {
        admin.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task An_erased_patient_is_gone_from_every_view()
    {
        var stored = await admin.CreatePatientAsync(PatientCalls.Full());
        await EraseAsync(stored.Id);

        using var read = await admin.GetAsync(stored.Path);
        using var neverThere = await admin.GetAsync($"{PatientCalls.Path}/{Guid.CreateVersion7()}");
        await read.ShouldBeAsync(PatientErrors.NotFound);
        await read.ShouldBeIndistinguishableFromAsync(neverThere);
        using var updated = await admin.PutPatientAsync(stored.Id, PatientCalls.Minimal(), "*");
        await updated.ShouldBeAsync(PatientErrors.NotFound);
        using var removed = await admin.DeletePatientAsync(stored.Id, "*");
        await removed.ShouldBeAsync(PatientErrors.NotFound);
        using var list = await admin.GetAsync(PatientCalls.Path);
        Assert.That((await list.ShouldBeJsonAsync()).GetProperty("items").GetArrayLength(), Is.Zero);
    }

    [TestCase("""{"mrn":"GONE-7"}""")]
    [TestCase("""{"phone":"46081234567"}""")]
    [TestCase("""{"email":"maria@example.test"}""")]
    [TestCase("""{"family_name":"Lindqvist","birth_date":"1931-12-01"}""")]
    public async Task Nobody_is_found_by_what_an_erased_patient_had(string search)
    {
        var stored = await admin.CreatePatientAsync(PatientCalls.Full("GONE-7"));
        Assert.That(await FoundAsync(search), Is.EqualTo(new[] { stored.Id }), "else this proves nothing");
        await EraseAsync(stored.Id);
        Assert.That(await FoundAsync(search), Is.Empty);
    }

    [Test]
    public async Task The_row_and_its_id_stay_sealed_for_good_and_its_hashes_do_not()
    {
        var stored = await admin.CreatePatientAsync(PatientCalls.Full());
        Assert.That(await clinic.ReadColumnAsync(stored.Id, $"num_nonnulls({Indexes})"), Is.EqualTo(4));
        await EraseAsync(stored.Id);

        Assert.That(await clinic.ReadColumnAsync(stored.Id, $"num_nonnulls({Indexes})"), Is.Zero);
        Assert.That(await clinic.ReadColumnAsync(stored.Id, "family_name"), Is.TypeOf<byte[]>());
        Assert.That(() => clinic.RevealAsync(stored.Id, patient => patient.FamilyName), Throws.InstanceOf<PhiErasedException>());
        Assert.That(() => clinic.RevealAsync(stored.Id, patient => patient.BirthDate), Throws.InstanceOf<PhiErasedException>());
    }

    [Test]
    public async Task Others_are_as_they_were_and_the_number_is_free()
    {
        var erased = await admin.CreatePatientAsync(PatientCalls.Full("MRN-1"));
        var other = await admin.CreatePatientAsync(PatientCalls.Full("MRN-2"));
        await EraseAsync(erased.Id);

        using var read = await admin.GetAsync(other.Path);
        Assert.That((await read.ShouldBeJsonAsync()).GetRawText(), Is.EqualTo(other.Body.GetRawText()));
        Assert.That(await FoundAsync("""{"email":"maria@example.test"}"""), Is.EqualTo(new[] { other.Id }));
        var again = await admin.CreatePatientAsync(PatientCalls.Full("MRN-1"));
        Assert.That(await FoundAsync("""{"mrn":"MRN-1"}"""), Is.EqualTo(new[] { again.Id }));
    }

    /// <summary>A patient whom somebody removed from sight is as readable as ever, to whoever has the keys.</summary>
    [Test]
    public async Task A_patient_that_was_removed_before_can_be_erased()
    {
        var stored = await admin.CreatePatientAsync(PatientCalls.Full());
        using var removed = await admin.DeletePatientAsync(stored.Id, stored.EntityTag);
        Assert.That(removed.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await clinic.RevealAsync(stored.Id, patient => patient.FamilyName), Is.EqualTo("Lindqvist"));

        await EraseAsync(stored.Id);
        Assert.That(await clinic.ReadColumnAsync(stored.Id, $"num_nonnulls({Indexes})"), Is.Zero);
        Assert.That(() => clinic.RevealAsync(stored.Id, patient => patient.FamilyName), Throws.InstanceOf<PhiErasedException>());
    }

    /// <summary>It is not the version that was read any more, which callers are told by 412.</summary>
    [Test]
    public async Task Whoever_read_a_patient_before_changes_nothing_after()
    {
        var stored = await admin.CreatePatientAsync(PatientCalls.Full());
        await using var work = TenantWork.Of(App.Api, clinic.Id);
        var patient = await work.Db.Patients.SingleAsync(p => p.Id == stored.Id);
        _ = patient.Mrn.Reveal();
        await EraseAsync(stored.Id);

        patient.Delete(TimeProvider.System.GetUtcNow());
        Assert.That(() => work.Db.SaveChangesAsync(), Throws.InstanceOf<DbUpdateConcurrencyException>());
        Assert.That(await clinic.ReadColumnAsync(stored.Id, $"num_nonnulls({Indexes})"), Is.Zero);
    }

    [Test]
    public async Task All_patients_of_an_erased_tenant_are_gone_and_it_may_begin_anew()
    {
        var stored = await admin.CreatePatientAsync(PatientCalls.Full());
        await App.Api.RunAsync("tenants", "suspend", clinic.Slug);
        Assert.That(await App.Api.RunAsync("keys", "erase", "--tenant", clinic.Slug, "--out", Path.Combine(folder, "tenant.json")), Is.Zero);
        await App.Api.RunAsync("tenants", "resume", clinic.Slug);

        Assert.That(await clinic.ReadColumnAsync(stored.Id, "deleted_at"), Is.Not.EqualTo(DBNull.Value));
        Assert.That(await clinic.ReadColumnAsync(stored.Id, $"num_nonnulls({Indexes})"), Is.Zero);
        Assert.That(() => clinic.RevealAsync(stored.Id, patient => patient.FamilyName), Throws.InstanceOf<PhiErasedException>());

        // This node has the destroyed key at hand: it refuses once, and asks for another.
        using var refused = await admin.PostPatientAsync(PatientCalls.Full());
        await refused.ShouldBeAsync(ProtectionErrors.Unavailable);
        var since = await admin.CreatePatientAsync(PatientCalls.Full());
        using var list = await admin.GetAsync(PatientCalls.Path);
        Assert.That(Ids(await list.ShouldBeJsonAsync()), Is.EqualTo(new[] { since.Id }));
    }

    private async Task EraseAsync(Guid id)
    {
        var file = Path.Combine(folder, $"{id}.json");
        Assert.That(await App.Api.RunAsync("keys", "erase", "--patient", id.ToString(), "--tenant", clinic.Slug, "--out", file), Is.Zero);
        var payload = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(file)).GetProperty("payload").GetBytesFromBase64Url();
        Assert.That(
            JsonSerializer.Deserialize<JsonElement>(payload).GetProperty("tables").EnumerateArray().Select(table => table.GetProperty("table").GetString()),
            Does.Contain("app.patients"));
    }

    private async Task<IEnumerable<Guid>> FoundAsync(string search)
    {
        using var response = await admin.PostAsync($"{PatientCalls.Path}/search", PatientCalls.Json(search));
        return Ids(await response.ShouldBeJsonAsync());
    }

    private static IEnumerable<Guid> Ids(JsonElement page) =>
        page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid());
}

file static class Base64UrlElements
{
    public static byte[] GetBytesFromBase64Url(this JsonElement element) =>
        System.Buffers.Text.Base64Url.DecodeFromChars(element.GetString());
}
