using System.Diagnostics;
using System.Net.Http.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Compliance;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>
/// An API as it is deployed, which seals and looks by itself: ten people abuse it in ten ways, and somebody is told of
/// each of them within a minute.
/// </summary>
[NonParallelizable]
internal sealed class SeededAbuseTests
{
    [Test]
    [Hipaa(Citations.ActivityReview)]
    [Hipaa(Citations.Alerts)]
    public async Task Ten_patterns_are_raised_and_told_within_a_minute()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        // Never, as far as this test lasts.
        var closed = TimeProvider.System.GetUtcNow().AddHours(12);
        var (api, _) = await App.NewApiAsync(new Dictionary<string, string>
        {
            ["AUDIT_SEAL"] = "true",
            ["AUDIT_ALERTS"] = "true",
            ["AUDIT_ALERT_PATIENTS_PER_HOUR"] = "4",
            ["AUDIT_ALERT_REFUSALS"] = "3",
            ["AUDIT_ALERT_REFUSED_SIGN_INS"] = "5",
            ["AUDIT_ALERT_SAME_FAMILY_NAME"] = "true",
            ["AUDIT_ALERT_WORKING_HOURS"] = $"{closed:HH:mm}-{closed.AddMinutes(1):HH:mm}",
            ["AUDIT_ALERT_WORKING_DAYS"] = "mon,tue,wed,thu,fri,sat,sun",
            ["AUDIT_ALERT_WEBHOOK_URL"] = receiver.Address.ToString(),
            ["AUDIT_ALERT_WEBHOOK_SECRET"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        });
        await using var stop = api;
        var clinic = await App.NewClinicAsync(api);
        using var admin = App.As(api, clinic.Admin);
        List<Stored> patients = [];
        for (var i = 0; i < 5; i++)
        {
            patients.Add(await admin.CreatePatientAsync(PatientCalls.Full()));
        }

        await WatchAsync(api, clinic.Id, patients[4].Id);
        var clock = Stopwatch.StartNew();
        List<(AlertRule Rule, string Subject)> expected =
        [
            (AlertRule.Volume, await AbuseAsync("one after the other", async user =>
            {
                foreach (var patient in patients)
                {
                    await user.GetAsync(patient.Path);
                }
            })),
            (AlertRule.Volume, await AbuseAsync("all in a list", user => user.GetAsync($"{PatientCalls.Path}?limit=100"))),
            (AlertRule.AfterHours, await AbuseAsync("at night", user => user.GetAsync(patients[0].Path))),
            (AlertRule.SameFamilyName, await AbuseAsync("a relative", user => user.GetAsync(patients[0].Path), "Lindqvist")),
            (AlertRule.SameFamilyName, await AbuseAsync(
                "a relative who changes something", user => user.PutPatientAsync(patients[1].Id, PatientCalls.Full(), "*"), "LINDQVIST")),
            (AlertRule.WatchedPatient, await AbuseAsync("somebody famous", user => user.GetAsync(patients[4].Path))),
            (AlertRule.WatchedPatient, await AbuseAsync("somebody famous, searched for", user => user.PostAsJsonAsync(
                $"{PatientCalls.Path}/search", new { mrn = patients[4].Body.GetProperty("mrn").GetString() }))),
            (AlertRule.Emergency, await AbuseAsync("an emergency", user =>
            {
                user.DefaultRequestHeaders.Add(PurposesOfUse.Header, PurposesOfUse.Emergency);
                return user.GetAsync(patients[0].Path);
            })),
            (AlertRule.Refusals, await AbuseAsync("ids that were guessed", async user =>
            {
                for (var i = 0; i < 3; i++)
                {
                    await user.GetAsync($"{PatientCalls.Path}/{Guid.CreateVersion7()}");
                }
            })),
        ];
        using (var stranger = api.WithToken("e30.e30.e30"))
        {
            for (var i = 0; i < 5; i++)
            {
                using var refused = await stranger.GetAsync(PatientCalls.Path);
            }
        }

        bool IsTold((AlertRule Rule, string Subject) one) => receiver.Requests.Any(told =>
            told.Json.GetProperty("data").GetProperty("rule").GetString() == one.Rule.Word()
            && told.Json.GetProperty("data").GetProperty("subject").GetString() == one.Subject);
        bool AreAllTold() => expected.TrueForAll(IsTold)
            && receiver.Requests.Any(told => told.Json.GetProperty("data").GetProperty("rule").GetString() == AlertRule.RefusedSignIns.Word());
        while (!AreAllTold() && clock.Elapsed < TimeSpan.FromSeconds(60))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        Assert.That(AreAllTold(), string.Join('\n', receiver.Requests.Select(told => told.Json)));
        Assert.That(receiver.Requests.Select(told => told.Id), Is.Unique);
        await TestContext.Progress.WriteLineAsync($"ten patterns told {clock.Elapsed.TotalSeconds:F1} s after the first began");

        async Task<string> AbuseAsync(string name, Func<HttpClient, Task> abuse, string? familyName = null)
        {
            var token = App.Issuer.NewToken(new TestUser($"{name}@{clinic.Slug}", clinic.Id, Roles.Doctor));
            using var user = api.WithToken((familyName is null ? token : token.With("family_name", familyName)).Sign());
            await abuse(user);
            using var me = await user.GetAsync("/api/v1/me");
            return (await me.ShouldBeJsonAsync()).GetProperty("user").GetProperty("id").GetString()!;
        }
    }

    private static async Task WatchAsync(ApiHost api, TenantId tenant, Guid patient)
    {
        await using var work = TenantWork.Of(api, tenant);
        work.Db.Add(new WatchedPatient { Id = patient, AddedBy = Guid.CreateVersion7(), AddedAt = TimeProvider.System.GetUtcNow() });
        await work.Db.SaveChangesAsync();
    }
}
