using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Users;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Logging;

/// <summary>
/// Whatever a caller or a database row says, no log line repeats it. Every request here carries the
/// word canary wherever a request can carry a word.
/// </summary>
internal sealed class NoPhiInLogsTests
{
    private const string Canary = "canary";
    private LogCapture log = null!;
    private ApiHost api = null!;
    private Clinic clinic = null!;
    private string database = null!;

    [SetUp]
    public async Task StartAsync()
    {
        log = new LogCapture();
        (api, var url) = await App.NewApiAsync(null, log.Install);
        database = DatabaseUrl.Parse(url).Database!;
        clinic = await App.NewClinicAsync(api);
    }

    [TearDown]
    public async Task StopAsync() => await api.DisposeAsync();

    [Test]
    public async Task No_line_repeats_what_a_request_holds()
    {
        var doctor = Client();
        var probes = ProbeFeature.Path;
        HttpStatusCode[] statuses =
        [
            (await doctor.GetAsync($"{probes}?name=canary&cursor=canary")).StatusCode,
            (await doctor.GetAsync("/api/v1/canary/canary?q=canary")).StatusCode,
            (await doctor.GetAsync($"{probes}/canary")).StatusCode,
            (await doctor.GetAsync($"{probes}/{Guid.CreateVersion7()}")).StatusCode,
            (await doctor.PutAsJsonAsync($"{probes}?canary", Canary)).StatusCode,
            (await doctor.SendAsync(new HttpRequestMessage(new HttpMethod("CANARY"), probes))).StatusCode,
            (await doctor.PostAsJsonAsync(probes, new { text = "canary stored" })).StatusCode,
            (await doctor.PostAsJsonAsync(probes, new { text = "canary stored" })).StatusCode,
            (await doctor.PostAsJsonAsync(probes, new { canary = Canary })).StatusCode,
            (await doctor.PostAsync(probes, Body("{\"text\":\"canary"))).StatusCode,
            (await doctor.PostAsync(probes, Body("{\"text\":\"canary\0\""))).StatusCode,
            (await doctor.PostAsJsonAsync(probes, new { text = "canary\0" })).StatusCode,
            (await doctor.PostAsync(probes, new StringContent(Canary, Encoding.UTF8, "text/canary"))).StatusCode,
            (await doctor.PostAsJsonAsync($"{probes}/throw", new { text = Canary })).StatusCode,
            (await api.Anonymous().GetAsync($"{probes}?canary")).StatusCode,
            (await api.WithToken("canary.canary.canary").GetAsync(probes)).StatusCode,
            (await api.WithToken(App.Issuer.NewToken(clinic.Doctor).With("tenant_id", Canary).Sign()).GetAsync(probes)).StatusCode,
        ];

        await log.HasRequestsAsync(statuses.Length);
        Assert.Multiple(() =>
        {
            Assert.That(log.Requests().Select(r => r.GetProperty("status").GetInt32()), Is.EquivalentTo(statuses.Select(s => (int)s)));
            Assert.That(statuses, Has.Some.EqualTo(HttpStatusCode.InternalServerError).And.Some.EqualTo(HttpStatusCode.Conflict));
            Assert.That(log.Lines, Has.None.Contains(Canary).IgnoreCase);
            Assert.That(log.Lines, Has.None.Contains("RequestPath"));
            Assert.That(log.Lines, Has.None.Contains(probes + "?"));
        });
    }

    [Test]
    public async Task No_line_repeats_what_the_database_says_about_a_row()
    {
        // What a fork's trigger or a check of PostgreSQL's own does: quote the row in the message.
        await App.Postgres.ExecuteAsSuperuserAsync(
            """
            CREATE FUNCTION app.quote_row() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'refused: %', NEW.text; END $$;
            CREATE TRIGGER quote_row BEFORE INSERT ON app.probes FOR EACH ROW EXECUTE FUNCTION app.quote_row();
            """,
            database);

        var refused = await Client().PostAsJsonAsync(ProbeFeature.Path, new { text = Canary });
        await refused.ShouldBeAsync(RequestErrors.Unexpected);

        await log.HasRequestsAsync(1);
        Assert.Multiple(() =>
        {
            Assert.That(log.Lines, Has.Some.Contains("SQLSTATE P0001"), "the log says what failed");
            Assert.That(log.Lines, Has.None.Contains(Canary).IgnoreCase);
            Assert.That(log.Requests()[0].GetProperty("route").GetString(), Is.EqualTo("/api/v1/probes/"));
        });
    }

    [Test]
    public async Task An_expected_conflict_is_no_error_in_the_log()
    {
        var doctor = Client();
        await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = "same" });
        var conflict = await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = "same" });
        Assert.That(conflict.StatusCode, Is.EqualTo(HttpStatusCode.Conflict));

        await log.HasRequestsAsync(2);
        Assert.That(log.Lines, Has.None.Contains("\"@l\":\"Error\""));
    }

    [Test]
    public async Task A_request_line_names_route_status_duration_and_ids()
    {
        var created = await Client().PostAsJsonAsync($"{ProbeFeature.Path}?q=canary", new { text = "a" });
        await api.Anonymous().GetAsync("/nothing/here");

        await log.HasRequestsAsync(2);
        var (served, unmatched) = (log.Requests()[0], log.Requests()[1]);
        Assert.Multiple(() =>
        {
            Assert.That(served.GetProperty("method").GetString(), Is.EqualTo("POST"));
            Assert.That(served.GetProperty("route").GetString(), Is.EqualTo("/api/v1/probes/"));
            Assert.That(served.GetProperty("status").GetInt32(), Is.EqualTo(201));
            Assert.That(served.GetProperty("duration_ms").GetDouble(), Is.GreaterThan(0));
            Assert.That(served.GetProperty("request_id").GetString(),
                Is.EqualTo(created.Headers.GetValues("X-Request-Id").Single()));
            Assert.That(served.GetProperty("user_id").GetString(), Is.EqualTo(SubjectHash.Of(App.Issuer.Issuer, clinic.Doctor.Subject)));
            Assert.That(served.GetProperty("tenant_id").GetString(), Is.EqualTo(clinic.Id.ToString()));
            Assert.That(unmatched.GetProperty("route").GetString(), Is.EqualTo("unmatched"));
            Assert.That(unmatched.GetProperty("user_id").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(unmatched.GetProperty("tenant_id").ValueKind, Is.EqualTo(JsonValueKind.Null));
        });
    }

    [Test]
    public async Task A_caller_that_hangs_up_leaves_a_line_with_499_and_no_error()
    {
        using var hangUp = new CancellationTokenSource();
        var slow = Client().GetAsync($"{ProbeFeature.Path}/slow", hangUp.Token);
        await api.Services.GetRequiredService<SlowProbes>().Begun.WaitAsync();

        await hangUp.CancelAsync();
        Assert.That(async () => await slow, Throws.InstanceOf<OperationCanceledException>());

        await log.HasRequestsAsync(1);
        Assert.That(log.Requests()[0].GetProperty("status").GetInt32(), Is.EqualTo(499));
        Assert.That(log.Lines, Has.None.Contains("\"@l\":\"Error\"").And.None.Contains("\"@x\""));
    }

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/json");

    private HttpClient Client()
    {
        var client = api.WithToken(App.Issuer.NewToken(clinic.Doctor)
            .With("email", "canary@example.test").With("name", "Canary Bird").Sign());
        client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", Canary);
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Canary", Canary);
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Request-Id", "canary canary");
        client.DefaultRequestHeaders.TryAddWithoutValidation("Cookie", "canary=canary");
        client.DefaultRequestHeaders.TryAddWithoutValidation("traceparent", "canary");
        client.DefaultRequestHeaders.TryAddWithoutValidation("baggage", "canary=canary");
        return client;
    }
}
