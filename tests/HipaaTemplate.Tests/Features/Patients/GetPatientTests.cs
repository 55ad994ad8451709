using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Features.Patients;

internal sealed class GetPatientTests
{
    private HttpClient doctor = null!;

    [OneTimeSetUp]
    public async Task OpenClinicAsync() => doctor = App.As((await App.NewClinicAsync()).Doctor);

    [OneTimeTearDown]
    public void Leave() => doctor.Dispose();

    [Test]
    public async Task A_patient_is_read_in_full_with_its_version()
    {
        var stored = await doctor.CreatePatientAsync(PatientCalls.Full());

        using var response = await doctor.GetAsync(stored.Path);

        var patient = await response.ShouldBeJsonAsync();
        Assert.That(patient.GetRawText(), Is.EqualTo(stored.Body.GetRawText()));
        Assert.That(response.Headers.ETag?.ToString(), Is.EqualTo(stored.EntityTag));
        Assert.That(response.Headers.CacheControl?.NoStore, Is.True);
    }

    [Test]
    public async Task A_patient_who_was_never_registered_is_not_found()
    {
        using var response = await doctor.GetAsync($"{PatientCalls.Path}/{Guid.CreateVersion7()}");

        await response.ShouldBeAsync(PatientErrors.NotFound);
    }

    [TestCase("1")]
    [TestCase("not-a-uuid")]
    [TestCase("00000000-0000-0000-0000-00000000000")]
    [TestCase("1%20OR%201=1")]
    public async Task What_is_no_id_is_no_address(string id)
    {
        using var response = await doctor.GetAsync($"{PatientCalls.Path}/{id}");

        await response.ShouldBeAsync(RequestErrors.NoSuchRoute);
    }
}
