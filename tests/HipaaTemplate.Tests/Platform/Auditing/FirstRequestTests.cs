using System.Net;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Tests.Compliance;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>A tenant's first event makes the key that its MAC is under.</summary>
[NonParallelizable]
internal sealed class FirstRequestTests
{
    private const int Requests = 1_000;

    [Test]
    [Hipaa(Citations.AuditControls)]
    public async Task A_thousand_first_requests_at_once_make_one_key_and_each_is_answered_and_in_the_trail()
    {
        var (api, url) = await App.NewApiAsync(configureServices: services => services.AddTestFeature(new RevealingFeature()));
        await using var host = api;
        await AskAsync(api, await App.NewClinicAsync(api), 1);
        var clinic = await App.NewClinicAsync(api);

        var answers = await AskAsync(api, clinic, Requests);

        Assert.That(answers.CountBy(status => status), Is.EqualTo(new[] { KeyValuePair.Create(HttpStatusCode.OK, Requests) }));
        var events = (await TrailReader.AllEventsAsync(url, clinic.Id)).ConvertAll(stamped => stamped.Entry);
        Assert.That(events.CountBy(entry => entry.Action).ToDictionary(), Is.EqualTo(new Dictionary<string, int>
        {
            [AuditAction.MakeKey.Word()] = 1,
            [AuditAction.SearchRecords.Word()] = Requests,
        }));
        Assert.That(events.Select(entry => entry.KeyVersion).Distinct(), Is.EqualTo(new[] { 1 }));
    }

    private static async Task<HttpStatusCode[]> AskAsync(ApiHost api, Clinic clinic, int times)
    {
        using var doctor = App.As(api, clinic.Doctor);
        return await Task.WhenAll(Enumerable.Range(0, times).Select(async _ =>
        {
            using var response = await doctor.GetAsync($"{RevealingFeature.Path}/looked-for");
            return response.StatusCode;
        }));
    }
}
