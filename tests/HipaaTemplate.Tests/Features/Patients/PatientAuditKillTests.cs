using System.Collections.Concurrent;
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
    private const int MostAnswers = 800;
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
                // By what it has answered and not by the clock: a process that has just started may take long for its first answers.
                var enough = acknowledged.Count + new Random(kill).Next(Clients, MostAnswers);
                await Eventually.IsTrueAsync(() => Task.FromResult(acknowledged.Count >= enough), "It does not answer.");
            }

            await working;
        }

        var events = (await TrailReader.EventsAsync(url, clinic.Id)).Select(stamped => stamped.Entry.Request).ToHashSet();
        Assert.That(acknowledged.Except(events), Is.Empty, "answered, and not in the trail");
        Assert.That((await TrailReader.EventsAsync(url, clinic.Id)), Has.Count.EqualTo(events.Count), "an event twice");
        Assert.That(events.Count - Patients - acknowledged.Count, Is.InRange(0, unanswered), "an event of nobody's request");
        await TrailVerbs.ShouldBeCleanAsync(settings, clinic, began);
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
}
