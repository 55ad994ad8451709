using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>
/// The API is killed (-9) under load, again and again: who was answered is in the trail, once, and what is sealed
/// by then is whole. KILLS says how often; a release is tried with 200.
/// </summary>
[NonParallelizable]
[Hipaa(Citations.AuditControls)]
internal sealed class PatientAuditKillTests
{
    private const int Clients = 8;
    private const int Patients = 20;
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("KILLS"), out var kills) ? kills : 6;

    private readonly ConcurrentBag<string> acknowledged = [];
    private int unanswered;

    [Test]
    public async Task Who_was_answered_is_in_the_trail_and_nothing_is_missing_without_a_word()
    {
        var began = TimeProvider.System.GetUtcNow();
        var (api, url) = await App.NewApiAsync();
        await using var _ = api;
        var clinic = await App.NewClinicAsync(api);
        using var doctor = App.As(api, clinic.Doctor);
        var ids = new List<Guid>();
        for (var i = 0; i < Patients; i++)
        {
            ids.Add((await doctor.CreatePatientAsync()).Id);
        }

        var settings = ApiProcess.Settings(url, App.Issuer);
        settings["LOG_LEVEL"] = "WARNING";
        for (var kill = 0; kill < Kills; kill++)
        {
            Task working;
            await using (var killed = await ApiProcess.ServeAsync(settings))
            {
                working = Task.WhenAll(Enumerable.Range(0, Clients).Select(i => WorkAsync(killed, clinic, ids, new Random((kill * Clients) + i))));
                await Task.Delay(new Random(kill).Next(100, 1_500));
            }

            await working;
        }

        var events = (await TrailReader.EventsAsync(url, clinic.Id)).Select(stamped => stamped.Entry.Request).ToHashSet();
        Assert.That(acknowledged, Has.Count.GreaterThan(Kills * Clients), "it was put to the test");
        Assert.That(acknowledged.Except(events), Is.Empty, "answered, and not in the trail");
        Assert.That((await TrailReader.EventsAsync(url, clinic.Id)), Has.Count.EqualTo(events.Count), "an event twice");
        Assert.That(events.Count - Patients - acknowledged.Count, Is.InRange(0, unanswered), "an event of nobody's request");
        await ShouldBeSealedCleanAsync(settings, clinic, began);
    }

    private async Task WorkAsync(ApiProcess api, Clinic clinic, List<Guid> ids, Random random)
    {
        using var client = api.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", App.Issuer.NewToken(clinic.Doctor).Sign());
        while (true)
        {
            try
            {
                using var response = random.Next(3) == 0
                    ? await client.PostPatientAsync(PatientCalls.Minimal())
                    : await client.GetAsync($"{PatientCalls.Path}/{ids[random.Next(ids.Count)]}");
                if (response.IsSuccessStatusCode)
                {
                    acknowledged.Add(response.Headers.GetValues("X-Request-Id").Single());
                }
            }
            // The connection broke: of some of these exceptions HttpClient makes an HttpRequestException, of others not.
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
            {
                Interlocked.Increment(ref unanswered);
                return;
            }
        }
    }

    /// <summary>With the verbs that an operator and an auditor have.</summary>
    private static async Task ShouldBeSealedCleanAsync(Dictionary<string, string> settings, Clinic clinic, DateTimeOffset began)
    {
        var folder = Directory.CreateTempSubdirectory("hipaa-template-kills");
        try
        {
            await RunAsync("audit", "seal", "once");
            foreach (var month in new[] { began, TimeProvider.System.GetUtcNow() }.Select(at => at.ToString("yyyy-MM", CultureInfo.InvariantCulture)).Distinct())
            {
                var (bundle, keys) = (Path.Combine(folder.FullName, $"{month}.ndjson"), Path.Combine(folder.FullName, $"{month}.keys"));
                await File.WriteAllTextAsync(bundle, await RunAsync("audit", "export", "--tenant", clinic.Slug, "--month", month));
                await File.WriteAllTextAsync(keys, await RunAsync("audit", "keys", "--tenant", clinic.Slug, "--month", month));
                Assert.That(await RunAsync("audit", "verify", "--bundle", bundle, "--keys", keys), Does.StartWith("clean"));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        async Task<string> RunAsync(params string[] verb)
        {
            var result = await ApiProcess.RunAsync(settings, verb);
            Assert.That(result.ExitCode, Is.Zero, $"{string.Join(' ', verb)}: {result.Output}{result.Errors}");
            return result.Output;
        }
    }
}
