using System.Net.Http.Json;

namespace HipaaTemplate.Tests.Features.Patients;

internal sealed class PatientRoundTripTests
{
    /// <summary>The row, and its event in the audit trail.</summary>
    [Test]
    public async Task Reading_one_patient_is_two_round_trips()
    {
        await using var counted = new CountedApi();
        var doctor = (await App.NewClinicAsync()).Doctor;
        var created = await App.As(doctor).PostAsJsonAsync("/api/v1/patients", new
        {
            given_name = "Ada",
            family_name = "Lovelace",
            birth_date = "1985-12-10",
            mrn = "L-1",
        });
        var path = created.Headers.Location!.ToString();
        Assert.That(await counted.RoundTripsOfAsync(client => client.GetAsync(path), doctor), Is.EqualTo(2));
    }
}
