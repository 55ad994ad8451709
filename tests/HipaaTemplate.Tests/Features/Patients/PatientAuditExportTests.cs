using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Tests.Platform.Auditing.Export;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>What <c>audit export</c> gives out besides bundles, by the real binary, of what requests wrote.</summary>
[Hipaa(Citations.Accounting)]
internal sealed class PatientAuditExportTests
{
    private const string Month = "yyyy-MM";

    private readonly DateTimeOffset began = TimeProvider.System.GetUtcNow();
    private Clinic clinic = null!;
    private Stored ada = null!;
    private List<AuditEntry> events = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        clinic = await App.NewClinicAsync();
        using var admin = App.As(clinic.Admin);
        using var patient = App.As(clinic.Patient);
        ada = await admin.CreatePatientAsync();
        var ben = await admin.CreatePatientAsync();
        (await admin.GetAsync(ada.Path)).Dispose();
        (await admin.GetAsync(ben.Path)).Dispose();
        (await admin.GetAsync(PatientCalls.Path)).Dispose();
        (await admin.PostAsJsonAsync($"{PatientCalls.Path}/search", new { mrn = ada.Body.GetProperty("mrn").GetString() })).Dispose();
        (await admin.PostAsJsonAsync($"{PatientCalls.Path}/search", new { mrn = PatientCalls.NewMrn() })).Dispose();
        (await patient.DeleteAsync(ada.Path)).Dispose();
        (await admin.DeletePatientAsync(ada.Id, ada.EntityTag)).Dispose();
        events = [.. (await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id)).Select(stamped => stamped.Entry)];
    }

    [Test]
    public async Task Every_event_is_in_the_export_as_a_resource_that_keeps_the_rules()
    {
        // Exports of other tests are events as well.
        var stored = await TrailReader.AllEventsAsync(App.DatabaseUrl, clinic.Id);
        List<JsonElement> resources = [];
        foreach (var month in Months())
        {
            var output = await RunAsync("--format", "fhir", "--tenant", clinic.Slug, "--month", month);
            resources.AddRange(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)));
        }

        var ids = resources.ConvertAll(resource => resource.GetProperty("id").GetString()!);
        Assert.Multiple(() =>
        {
            Assert.That(resources.SelectMany(FhirRules.Problems), Is.Empty);
            Assert.That(ids, Is.Unique);
            Assert.That(ids.Select(id => id[..36]).Distinct(), Is.EquivalentTo(stored.Select(stamped => stamped.Entry.Id.ToString())));
        });
    }

    [Test]
    public async Task The_accounting_of_a_patient_has_as_many_lines_as_the_trail_has_disclosures()
    {
        var lines = await LinesAsync("--from", began.ToString(Month, null));

        var disclosed = events.Where(entry => entry.Outcome == "success" && entry.Records.Any(record => record.Id == ada.Id)).ToList();
        Assert.That(disclosed, Has.Count.EqualTo(5), "created, read, listed, found, removed");
        Assert.That(lines[0], Is.EqualTo("date,recipient,disclosed,purpose,request_id,event_id"));
        Assert.That(lines[1..].Select(line => line.Split(',')[^1]), Is.EqualTo(disclosed.OrderBy(entry => entry.At).Select(entry => entry.Id.ToString())));
        Assert.That(lines[1..].Select(line => line.Split(',')[1]), Has.All.EqualTo($"user {disclosed[0].Actor}"));
        Assert.That(await LinesAsync(), Is.EqualTo(lines), "the last six years");
    }

    [Test]
    public async Task Months_before_are_empty()
    {
        Assert.That(await LinesAsync("--from", "2020-01", "--to", "2020-12"), Has.Length.EqualTo(1));
    }

    [TestCase("--format", "xml")]
    [TestCase("--format", "csv", "--tenant", "some")]
    [TestCase("--format", "csv", "--tenant", "some", "--patient", "Ada Berg")]
    [TestCase("--format", "csv", "--tenant", "some", "--patient", "0195c0de-0000-7000-8000-000000000001", "--from", "2026-11", "--to", "2026-10")]
    [TestCase("--format", "csv", "--tenant", "some", "--patient", "0195c0de-0000-7000-8000-000000000001", "--from", "1.1.2026")]
    [TestCase("--format", "csv", "--tenant", "some", "--month", "2026-11")]
    [TestCase("--format", "fhir", "--tenant", "some", "--month", "2026-11", "--patient", "0195c0de-0000-7000-8000-000000000001")]
    [TestCase("--tenant", "some", "--month", "2026-11", "--from", "2026-10")]
    public async Task Wrong_words_are_wrong_usage(params string[] words)
    {
        var result = await ApiProcess.RunAsync(ApiProcess.Settings(App.DatabaseUrl, App.Issuer), ["audit", "export", .. words]);
        Assert.That((result.ExitCode, result.Output), Is.EqualTo((2, "")), result.Errors);
    }

    private IEnumerable<string> Months() =>
        new[] { began, TimeProvider.System.GetUtcNow() }.Select(at => at.ToString(Month, null)).Distinct();

    private async Task<string[]> LinesAsync(params string[] range) =>
        (await RunAsync(["--format", "csv", "--tenant", clinic.Slug, "--patient", ada.Id.ToString(), .. range])).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<string> RunAsync(params string[] words)
    {
        var result = await ApiProcess.RunAsync(ApiProcess.Settings(App.DatabaseUrl, App.Issuer), ["audit", "export", .. words]);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        return result.Output;
    }
}
