using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Tests.Compliance;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>Each way to abuse patients' data raises its alert, and the same use a little less does not.</summary>
internal sealed class PatientAlertTests
{
    private const string Volume = "3";

    private AlertStage stage = null!;
    private Clinic clinic = null!;

    [SetUp]
    public async Task StartAsync()
    {
        stage = await AlertStage.StartAsync(new()
        {
            ["AUDIT_ALERT_PATIENTS_PER_HOUR"] = Volume, ["AUDIT_ALERT_SAME_FAMILY_NAME"] = "true", ["AUDIT_ALERT_REFUSALS"] = "3",
        });
        clinic = await stage.NewClinicAsync();
    }

    [TearDown]
    public ValueTask StopAsync() => stage.DisposeAsync();

    [Test]
    [Hipaa(Citations.ActivityReview)]
    public async Task More_patients_within_an_hour_than_are_usual()
    {
        var patients = await CreateAsync(4);
        using var doctor = stage.As(clinic.Doctor);
        foreach (var patient in patients.Take(3).Concat(patients.Take(3)))
        {
            await ReadAsync(doctor, patient);
        }

        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty, "three different ones are allowed, however often");
        stage.Time.Advance(TimeSpan.FromMinutes(60));
        using var later = stage.As(clinic.Doctor);
        await ReadAsync(later, patients[3]);
        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty, "the three were an hour ago");
        await ReadAsync(later, patients[0]);
        await ReadAsync(later, patients[1]);
        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty);
        await ReadAsync(later, patients[2]);
        Assert.That(await RaisedAsync(clinic.Doctor), Is.EqualTo(new[] { (AlertRule.Volume, 1, 4) }));
    }

    [Test]
    public async Task A_list_shows_as_many_patients_as_are_in_it()
    {
        await CreateAsync(4);
        using var doctor = stage.As(clinic.Doctor);
        using var three = await doctor.GetAsync($"{PatientCalls.Path}?limit=3");
        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty);
        using var four = await doctor.GetAsync($"{PatientCalls.Path}?limit=4");
        Assert.That(await RaisedAsync(clinic.Doctor), Is.EqualTo(new[] { (AlertRule.Volume, 1, 4) }));
    }

    [Test]
    [Hipaa(Citations.ActivityReview)]
    public async Task After_hours()
    {
        await stage.DisposeAsync();
        // From an hour ago until in half an hour, every day.
        var now = TimeProvider.System.GetUtcNow();
        stage = await AlertStage.StartAsync(new()
        {
            ["AUDIT_ALERT_WORKING_HOURS"] = $"{now.AddHours(-1):HH:mm}-{now.AddMinutes(30):HH:mm}", ["AUDIT_ALERT_WORKING_DAYS"] = "mon,tue,wed,thu,fri,sat,sun",
        });
        clinic = await stage.NewClinicAsync();
        var patient = (await CreateAsync(1))[0];
        using (var doctor = stage.As(clinic.Doctor))
        {
            await ReadAsync(doctor, patient);
        }

        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty);
        stage.Time.Advance(TimeSpan.FromMinutes(31));
        using var late = stage.As(clinic.Doctor);
        using var nobodyThere = await late.PostAsJsonAsync($"{PatientCalls.Path}/search", new { mrn = PatientCalls.NewMrn() });
        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty, "nobody's data was shown");
        await ReadAsync(late, patient);
        await ReadAsync(late, patient);
        Assert.That(await RaisedAsync(clinic.Doctor), Is.EqualTo(new[] { (AlertRule.AfterHours, 2, 1) }), "one a night");
    }

    [TestCase("Lindqvist", true)]
    [TestCase("  lindqvist ", true)]
    [TestCase("LÍNDQVIST", true)]
    [TestCase("Lindqvistsson", false)]
    [TestCase("Lind qvist", false)]
    [TestCase("", false)]
    [TestCase(null, false)]
    [Hipaa(Citations.ActivityReview)]
    public async Task A_namesake(string? familyName, bool isOne)
    {
        using var admin = stage.As(clinic.Admin);
        var patient = await admin.CreatePatientAsync(PatientCalls.Full());
        using var doctor = stage.As(clinic.Doctor, familyName);
        await ReadAsync(doctor, patient);
        using var changed = await doctor.PutPatientAsync(patient.Id, PatientCalls.Full(), patient.EntityTag);
        Assert.That(changed.IsSuccessStatusCode);

        Assert.That(await RaisedAsync(clinic.Doctor), Is.EqualTo(isOne ? new[] { (AlertRule.SameFamilyName, 2, 1) } : []));
        Assert.That(
            (await TrailReader.EventsAsync(stage.DatabaseUrl, clinic.Id)).Where(one => one.Entry.Actor != null).Select(one => one.Entry.Detail).OfType<string>().Distinct(),
            Is.EqualTo(isOne ? new[] { FamilyNames.Same } : []));
    }

    [Test]
    public async Task Names_are_not_compared_unless_somebody_wants_it()
    {
        await stage.DisposeAsync();
        stage = await AlertStage.StartAsync();
        clinic = await stage.NewClinicAsync();
        using var doctor = stage.As(clinic.Doctor, "Lindqvist");
        await ReadAsync(doctor, await doctor.CreatePatientAsync(PatientCalls.Full()));
        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty);
        Assert.That((await TrailReader.EventsAsync(stage.DatabaseUrl, clinic.Id)).Select(one => one.Entry.Detail), Is.All.Null);
    }

    [Test]
    [Hipaa(Citations.ActivityReview)]
    public async Task A_patient_who_is_watched()
    {
        var patients = await CreateAsync(2);
        await stage.LookAsync();
        await WatchAsync(patients[0].Id);
        using var doctor = stage.As(clinic.Doctor);
        await ReadAsync(doctor, patients[1]);
        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty);
        using var list = await doctor.GetAsync($"{PatientCalls.Path}?limit=2");
        Assert.That(await RaisedAsync(clinic.Doctor), Is.EqualTo(new[] { (AlertRule.WatchedPatient, 1, 1) }));
        Assert.That((await stage.AlertsAsync(clinic.Id)).Single().Patients, Is.EqualTo(new[] { patients[0].Id }));
    }

    [Test]
    public async Task A_patient_whom_another_clinic_watches_is_not_watched_here()
    {
        var patient = (await CreateAsync(1))[0];
        var here = clinic;
        clinic = await stage.NewClinicAsync();
        await WatchAsync(patient.Id);
        clinic = here;
        using var doctor = stage.As(clinic.Doctor);
        await ReadAsync(doctor, patient);
        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty);
    }

    [Test]
    [Hipaa(Citations.ActivityReview)]
    public async Task Emergency_treatment()
    {
        var patient = (await CreateAsync(1))[0];
        using var doctor = stage.As(clinic.Doctor);
        await ReadAsync(doctor, patient);
        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty);
        doctor.DefaultRequestHeaders.Add(PurposesOfUse.Header, PurposesOfUse.Emergency);
        await ReadAsync(doctor, patient);
        Assert.That(await RaisedAsync(clinic.Doctor), Is.EqualTo(new[] { (AlertRule.Emergency, 1, 1) }));
    }

    [Test]
    public async Task Asking_for_patients_who_are_not_there()
    {
        using var doctor = stage.As(clinic.Doctor);
        for (var i = 0; i < 2; i++)
        {
            using var absent = await doctor.GetAsync($"{PatientCalls.Path}/{Guid.CreateVersion7()}");
        }

        Assert.That(await RaisedAsync(clinic.Doctor), Is.Empty);
        using var third = await doctor.GetAsync($"{PatientCalls.Path}/{Guid.CreateVersion7()}");
        Assert.That(await RaisedAsync(clinic.Doctor), Is.EqualTo(new[] { (AlertRule.Refusals, 1, 0) }));
    }

    [Test]
    public async Task Nothing_of_a_patient_is_in_an_alert_in_the_log_or_told_to_anybody()
    {
        await stage.DisposeAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        stage = await AlertStage.StartAsync(new()
        {
            ["AUDIT_ALERT_SAME_FAMILY_NAME"] = "true",
            ["AUDIT_ALERT_PATIENTS_PER_HOUR"] = "1",
            ["AUDIT_ALERT_WEBHOOK_URL"] = receiver.Address.ToString(),
            ["AUDIT_ALERT_WEBHOOK_SECRET"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        });
        clinic = await stage.NewClinicAsync();
        using var doctor = stage.As(clinic.Doctor, PatientCanaries.First["family_name"]);
        doctor.DefaultRequestHeaders.Add(PurposesOfUse.Header, PurposesOfUse.Emergency);
        await ReadAsync(doctor, await doctor.CreatePatientAsync(PatientCanaries.Body(PatientCanaries.First)));
        await ReadAsync(doctor, await doctor.CreatePatientAsync(PatientCanaries.Body(PatientCanaries.Second)));
        await stage.LookAsync();
        await stage.DeliverAsync();

        var alerts = await stage.AlertsAsync(clinic.Id);
        Assert.That(alerts.Select(alert => alert.Rule), Is.EquivalentTo(new[] { AlertRule.Emergency, AlertRule.SameFamilyName, AlertRule.Volume }));
        var told = string.Join('\n', [
            JsonSerializer.Serialize(alerts), .. stage.Log.Lines, .. receiver.Requests.Select(one => System.Text.Encoding.UTF8.GetString(one.Bytes)),
        ]);
        Assert.That(receiver.Requests, Has.Count.EqualTo(3));
        Assert.That(PatientCanaries.Words.FindIn(told), Is.Empty);
        Assert.That(receiver.Requests.Select(one => one.Json.ToString()), Has.None.Contains($"{alerts[0].Patients[0]}"), "nor which patient");
    }

    private async Task<List<Stored>> CreateAsync(int count)
    {
        using var admin = stage.As(clinic.Admin);
        List<Stored> patients = [];
        for (var i = 0; i < count; i++)
        {
            patients.Add(await admin.CreatePatientAsync());
        }

        return patients;
    }

    private async Task WatchAsync(Guid patient)
    {
        await using var work = TenantWork.Of(stage.Api, clinic.Id);
        work.Db.Add(new WatchedPatient { Id = patient, AddedBy = Guid.CreateVersion7(), AddedAt = stage.Time.GetUtcNow() });
        await work.Db.SaveChangesAsync();
    }

    private static async Task ReadAsync(HttpClient user, Stored patient)
    {
        using var response = await user.GetAsync(patient.Path);
        Assert.That(response.IsSuccessStatusCode);
    }

    /// <summary>About this user, after a look: rule, events, patients.</summary>
    private async Task<List<(AlertRule Rule, int Events, int Patients)>> RaisedAsync(TestUser user)
    {
        await stage.LookAsync();
        using var client = stage.As(user);
        using var me = await client.GetAsync("/api/v1/me");
        var id = (await me.ShouldBeJsonAsync()).GetProperty("user").GetProperty("id").GetString();
        return [.. (await stage.AlertsAsync(clinic.Id)).Where(alert => alert.Subject == id).Select(alert => (alert.Rule, alert.Events, alert.PatientCount))];
    }
}
