using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Features.AuditReview;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Tests.Compliance;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Features.AuditReview;

/// <summary>The queue of alerts, and who may close one.</summary>
internal sealed class SignOffTests
{
    private const string Alerts = "/api/v1/audit/alerts";
    private const string Watched = "/api/v1/audit/watched-patients";

    private Clinic clinic = null!;
    private HttpClient auditor = null!;

    [SetUp]
    public async Task StartAsync()
    {
        clinic = await App.NewClinicAsync();
        auditor = App.As(clinic.User(Roles.Auditor));
    }

    [TearDown]
    public void Stop() => auditor.Dispose();

    [Test]
    [Hipaa(Citations.ActivityReview)]
    public async Task An_alert_is_read_signed_off_and_stays_so_and_all_of_it_is_in_the_trail()
    {
        var alert = await NewAlertAsync();
        using var read = await auditor.GetAsync($"{Alerts}/{alert.Id}");
        using var signed = await SignOffAsync(auditor, alert.Id, "violation", read.Headers.ETag!.ToString());
        var body = await signed.ShouldBeJsonAsync();
        using var again = await SignOffAsync(auditor, alert.Id, "legitimate", signed.Headers.ETag!.ToString());
        await again.ShouldBeAsync(AuditReviewErrors.SignedOffAlready);

        var stored = await FindAsync(alert.Id);
        var (reading, signing, refusing) = ((await read.EventsOfAsync(clinic.Id)).Single(), (await signed.EventsOfAsync(clinic.Id)).Single(), (await again.EventsOfAsync(clinic.Id)).Single());
        var reviewer = await IdOfAsync(auditor);
        Assert.Multiple(() =>
        {
            Assert.That(body.GetProperty("conclusion").GetString(), Is.EqualTo("violation"));
            Assert.That(body.GetProperty("reviewer_id").GetString(), Is.EqualTo(reviewer));
            Assert.That((stored.Conclusion, stored.Version), Is.EqualTo((AlertConclusion.Violation, 2)));
            Assert.That(reading.Action, Is.EqualTo("review_alerts"));
            Assert.That((signing.Action, signing.Detail, signing.Actor), Is.EqualTo(("sign_off_alert", $"{alert.Id} violation", reviewer)));
            Assert.That((refusing.Action, refusing.Code), Is.EqualTo(("refuse_access", AuditReviewErrors.SignedOffAlready.Code)));
        });
    }

    [TestCase("*")]
    [TestCase("\"1\"")]
    [TestCase(null)]
    public async Task Nobody_signs_off_an_alert_about_himself(string? ifMatch)
    {
        var alert = await NewAlertAsync(await IdOfAsync(auditor));
        using var refused = await SignOffAsync(auditor, alert.Id, "legitimate", ifMatch);
        await refused.ShouldBeAsync(AuditReviewErrors.AboutOneself);
        Assert.That((await refused.EventsOfAsync(clinic.Id)).Single().Code, Is.EqualTo(AuditReviewErrors.AboutOneself.Code));
        Assert.That((await FindAsync(alert.Id)).SignedOffAt, Is.Null);

        using var admin = App.As(clinic.Admin);
        using var another = await SignOffAsync(admin, alert.Id, "escalated", "*");
        Assert.That(another.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task What_is_signed_off_is_what_was_read()
    {
        var alert = await NewAlertAsync();
        using var without = await SignOffAsync(auditor, alert.Id, "legitimate", null);
        await without.ShouldBeAsync(RequestErrors.PreconditionRequired);
        await using (var work = TenantWork.Of(App.Api, clinic.Id))
        {
            var grown = await work.Db.Set<AuditAlert>().SingleAsync(row => row.Id == alert.Id);
            (grown.Events, grown.Version) = (2, 2);
            await work.Db.SaveChangesAsync();
        }

        using var outdated = await SignOffAsync(auditor, alert.Id, "legitimate", "\"1\"");
        await outdated.ShouldBeAsync(RequestErrors.PreconditionFailed);
        Assert.That((await FindAsync(alert.Id)).SignedOffAt, Is.Null);
    }

    [Test]
    public async Task Of_many_reviewers_at_once_one_concludes_and_one_event_tells_it()
    {
        var alert = await NewAlertAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var response = await SignOffAsync(auditor, alert.Id, "legitimate", "\"1\"");
            return response.StatusCode;
        }));
        Assert.That(answers.Count(status => status == HttpStatusCode.OK), Is.EqualTo(1));
        Assert.That(answers.Where(status => status != HttpStatusCode.OK), Is.All.EqualTo(HttpStatusCode.PreconditionFailed));
        Assert.That(await CountEventsAsync("sign_off_alert"), Is.EqualTo(1));
    }

    [TestCase("""{"conclusion":"fine"}""")]
    [TestCase("""{"conclusion":"Legitimate"}""")]
    [TestCase("""{"conclusion":1}""")]
    [TestCase("""{"conclusion":null}""")]
    [TestCase("{}")]
    [TestCase("""{"conclusion":"legitimate","note":"Berg was here"}""")]
    [TestCase("")]
    public async Task A_conclusion_is_one_of_the_words_and_nothing_else(string body)
    {
        var alert = await NewAlertAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Alerts}/{alert.Id}/sign-off")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        using var response = await auditor.SendAsync(request);
        Assert.That((int)response.StatusCode, Is.EqualTo(400));
        Assert.That((await FindAsync(alert.Id)).SignedOffAt, Is.Null);
    }

    [Test]
    public async Task The_list_has_pages_and_states()
    {
        List<Guid> ids = [];
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await NewAlertAsync()).Id);
        }

        using var signed = await SignOffAsync(auditor, ids[2], "legitimate", "*");
        const string open = $"{Alerts}?state=open&limit=3";
        var (first, cursor) = await PageAsync(open);
        var (second, end) = await PageAsync($"{open}&cursor={cursor}");
        Assert.That(first.Concat(second), Is.EqualTo(new[] { ids[4], ids[3], ids[1], ids[0] }));
        Assert.That(end, Is.Null);
        Assert.That((await PageAsync($"{Alerts}?state=signed_off")).Ids, Is.EqualTo(new[] { ids[2] }));
        Assert.That((await PageAsync(Alerts)).Ids, Has.Count.EqualTo(5));

        using var elsewhere = await auditor.GetAsync($"{Alerts}?state=signed_off&cursor={cursor}");
        await elsewhere.ShouldBeAsync(RequestErrors.InvalidCursor);
    }

    [TestCase("state=closed", "REQ_002")]
    [TestCase("state=OPEN", "REQ_002")]
    [TestCase("limit=0", "REQ_002")]
    [TestCase("limit=101", "REQ_002")]
    [TestCase("limit=many", "REQ_002")]
    [TestCase("cursor=AAAA", "REQ_012")]
    public async Task A_query_that_means_nothing_is_refused(string query, string code)
    {
        using var response = await auditor.GetAsync($"{Alerts}?{query}");
        await response.ShouldBeProblemAsync(400, code);
    }

    [Test]
    public async Task An_alert_of_another_clinic_is_like_one_that_never_was()
    {
        var alert = await NewAlertAsync();
        using var stranger = App.As((await App.NewClinicAsync()).Admin);
        using var theirs = await stranger.GetAsync($"{Alerts}/{alert.Id}");
        using var absent = await stranger.GetAsync($"{Alerts}/{Guid.CreateVersion7()}");
        await theirs.ShouldBeAsync(AuditReviewErrors.AlertNotFound);
        await theirs.ShouldBeIndistinguishableFromAsync(absent);
        using var signed = await SignOffAsync(stranger, alert.Id, "legitimate", "*");
        await signed.ShouldBeAsync(AuditReviewErrors.AlertNotFound);
        Assert.That((await FindAsync(alert.Id)).SignedOffAt, Is.Null);
    }

    [Test]
    public async Task A_patient_is_watched_and_watched_no_more_and_both_are_in_the_trail()
    {
        var id = Guid.CreateVersion7();
        using var added = await auditor.PutAsync($"{Watched}/{id}", null);
        using var again = await auditor.PutAsync($"{Watched}/{id}", null);
        using var listed = await auditor.GetAsync(Watched);
        using var removed = await auditor.DeleteAsync($"{Watched}/{id}");
        using var gone = await auditor.DeleteAsync($"{Watched}/{id}");
        await gone.ShouldBeAsync(AuditReviewErrors.NotWatched);

        var item = (await listed.ShouldBeJsonAsync()).GetProperty("items").EnumerateArray().Single();
        var reviewer = await IdOfAsync(auditor);
        var (adding, nothing, removing) = ((await added.EventsOfAsync(clinic.Id)).Single(), await again.EventsOfAsync(clinic.Id), (await removed.EventsOfAsync(clinic.Id)).Single());
        Assert.Multiple(() =>
        {
            Assert.That(new[] { added, again, removed }.Select(one => one.StatusCode), Is.All.EqualTo(HttpStatusCode.NoContent));
            Assert.That(item.GetProperty("patient_id").GetGuid(), Is.EqualTo(id));
            Assert.That(item.GetProperty("added_by").GetString(), Is.EqualTo(reviewer));
            Assert.That((adding.Action, adding.Detail), Is.EqualTo(("watch_patient", $"{id}")));
            Assert.That(nothing, Is.Empty, "nothing was changed");
            Assert.That((removing.Action, removing.Detail), Is.EqualTo(("unwatch_patient", $"{id}")));
        });
    }

    [Test]
    public async Task A_patient_whom_many_put_on_the_list_at_once_is_on_it_once()
    {
        var path = $"{Watched}/{Guid.CreateVersion7()}";
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var response = await auditor.PutAsync(path, null);
            return response.StatusCode;
        }));
        Assert.That(answers, Is.All.EqualTo(HttpStatusCode.NoContent));
        Assert.That(await CountEventsAsync("watch_patient"), Is.EqualTo(1));
    }

    private async Task<AuditAlert> NewAlertAsync(string? subject = null) =>
        await AuditReviewAccess.NewAlertAsync(App.Api, clinic.Id, subject ?? $"{Guid.CreateVersion7()}");

    private async Task<(List<Guid> Ids, string? Cursor)> PageAsync(string path)
    {
        using var response = await auditor.GetAsync(path);
        var page = await response.ShouldBeJsonAsync();
        return ([.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid())], page.GetProperty("next_cursor").GetString());
    }

    private async Task<int> CountEventsAsync(string action) =>
        (await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id)).Count(stamped => stamped.Entry.Action == action);

    private async Task<AuditAlert> FindAsync(Guid id)
    {
        await using var work = TenantWork.Of(App.Api, clinic.Id);
        return await work.Db.Set<AuditAlert>().AsNoTracking().SingleAsync(alert => alert.Id == id);
    }

    private static async Task<string> IdOfAsync(HttpClient user)
    {
        using var me = await user.GetAsync("/api/v1/me");
        return (await me.ShouldBeJsonAsync()).GetProperty("user").GetProperty("id").GetString()!;
    }

    private static async Task<HttpResponseMessage> SignOffAsync(HttpClient user, Guid id, string conclusion, string? ifMatch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Alerts}/{id}/sign-off")
        {
            Content = JsonContent.Create(new { conclusion }, options: JsonSerializerOptions.Default),
        };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await user.SendAsync(request);
    }
}
