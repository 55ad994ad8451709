using System.Net;
using System.Net.Http.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Revocation;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>An administrator ends tokens: on every instance within five seconds, and in the own tenant only.</summary>
[Hipaa(Citations.Termination)]
[Hipaa(Citations.AutomaticLogoff)]
internal sealed class RevocationTests
{
    private const string Path = "/api/v1/auth/revocations";

    private readonly ManualTime time = new();
    private ApiHost api = null!;
    private ApiHost elsewhere = null!;
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public void Start()
    {
        api = new ApiHost(App.DatabaseUrl, App.Issuer, null, services => services.AddSingleton<TimeProvider>(time));
        elsewhere = new ApiHost(App.DatabaseUrl, App.Issuer, null, services => services.AddSingleton<TimeProvider>(time));
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await elsewhere.DisposeAsync();
    }

    [SetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [Test]
    public void No_instance_lets_anybody_in_by_a_list_that_is_older_than_five_seconds() =>
        Assert.That(RevocationList.MaximumAge, Is.LessThan(TimeSpan.FromSeconds(5)));

    [Test]
    public async Task A_subjects_tokens_are_refused_at_once_here_and_elsewhere_when_the_list_has_aged()
    {
        var token = Token(clinic.Doctor).Sign();
        var unseen = Token(clinic.Doctor).With("n", 1).Sign();
        await ShouldBeServedAsync(api, token);
        await ShouldBeServedAsync(elsewhere, token);

        await RevokeAsync(new { subject = clinic.Doctor.Subject });

        await ShouldBeRefusedAsync(api, token);
        time.Advance(RevocationList.MaximumAge);
        await ShouldBeRefusedAsync(elsewhere, token);
        await ShouldBeRefusedAsync(elsewhere, unseen);
    }

    [Test]
    public async Task A_token_issued_later_is_let_in()
    {
        await RevokeAsync(new { subject = clinic.Doctor.Subject });
        await ShouldBeRefusedAsync(api, Token(clinic.Doctor).Sign());

        time.Advance(TimeSpan.FromSeconds(1));

        await ShouldBeServedAsync(api, Token(clinic.Doctor).Sign());
    }

    [Test]
    public async Task One_issued_between_two_revocations_is_refused()
    {
        await RevokeAsync(new { subject = clinic.Doctor.Subject });
        time.Advance(TimeSpan.FromSeconds(1));
        var between = Token(clinic.Doctor).Sign();
        await ShouldBeServedAsync(api, between);

        await RevokeAsync(new { subject = clinic.Doctor.Subject });

        await ShouldBeRefusedAsync(api, between);
        time.Advance(RevocationList.MaximumAge);
        await ShouldBeRefusedAsync(elsewhere, between);
        time.Advance(TimeSpan.FromSeconds(1));
        await ShouldBeServedAsync(api, Token(clinic.Doctor).Sign());
    }

    /// <summary>Of a clock that was set back since, or by somebody who writes to the table.</summary>
    [Test]
    public async Task A_line_recorded_in_the_future_does_not_hide_later_ones()
    {
        var (first, url) = await App.NewApiAsync(null, services => services.AddSingleton<TimeProvider>(time));
        await using var own = first;
        await using var second = new ApiHost(url, App.Issuer, null, services => services.AddSingleton<TimeProvider>(time));
        var here = await App.NewClinicAsync(own);
        await using (var app = await own.OpenAppConnectionAsync())
        {
            await app.ExecuteAsync(
                "INSERT INTO app.revoked_tokens (id, issuer, kind, value, issued_until, recorded_at, expires_at) "
                + "VALUES (gen_random_uuid(), 'i', 1, 'x', now(), now() + interval '1 day', now() + interval '1 day')");
        }

        var token = Token(here.Doctor).Sign();
        await ShouldBeServedAsync(second, token);
        await ShouldBeServedAsync(own, token);

        var answer = await own.WithToken(Token(here.Admin).Sign()).PostAsJsonAsync(Path, new { subject = here.Doctor.Subject });

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await ShouldBeRefusedAsync(own, token);
        time.Advance(RevocationList.MaximumAge);
        await ShouldBeRefusedAsync(second, token);
    }

    /// <summary>.NET could not read it, and with it none of the others.</summary>
    [TestCase("'200000-01-01'", "now()", "now()")]
    [TestCase("now()", "'-infinity'", "now()")]
    [TestCase("now()", "'infinity'", "now()")]
    [TestCase("now()", "now()", "'200000-01-01'")]
    public async Task A_line_with_a_time_beyond_all_calendars_cannot_be_stored(string until, string recorded, string expires)
    {
        await using var app = await App.Api.OpenAppConnectionAsync();

        var refusal = Assert.ThrowsAsync<PostgresException>(() => app.ExecuteAsync(
            "INSERT INTO app.revoked_tokens (id, issuer, kind, value, issued_until, recorded_at, expires_at) "
            + $"VALUES (gen_random_uuid(), 'i', 1, 'x', {until}, {recorded}, {expires})"));

        Assert.That(refusal!.ConstraintName, Is.EqualTo("ck_revoked_tokens_times"));
    }

    [Test]
    public async Task A_sessions_tokens_are_refused_and_the_users_others_are_not()
    {
        var ended = Token(clinic.Doctor).With("sid", $"ended {clinic.Slug}").Sign();
        var other = Token(clinic.Doctor).With("sid", $"other {clinic.Slug}").Sign();
        await ShouldBeServedAsync(api, ended);

        await RevokeAsync(new { session_id = $"ended {clinic.Slug}" });

        await ShouldBeRefusedAsync(api, ended);
        await ShouldBeServedAsync(api, other);
    }

    [Test]
    public async Task With_both_both_are_refused()
    {
        await RevokeAsync(new { subject = clinic.Doctor.Subject, session_id = $"s {clinic.Slug}" });

        await ShouldBeRefusedAsync(api, Token(clinic.Doctor).Sign());
        await ShouldBeRefusedAsync(api, Token(clinic.Patient).With("sid", $"s {clinic.Slug}").Sign());
    }

    [Test]
    public async Task Another_tenants_tokens_of_the_same_subject_and_session_are_let_in()
    {
        var other = await App.NewClinicAsync();
        var elsewhereToo = Token(clinic.Doctor).With("tenant_id", other.Id.ToString()).With("sid", "shared").Sign();

        await RevokeAsync(new { subject = clinic.Doctor.Subject, session_id = "shared" });

        await ShouldBeServedAsync(api, elsewhereToo);
        await ShouldBeRefusedAsync(api, Token(clinic.Doctor).With("sid", "shared").Sign());
    }

    [Test]
    public async Task Another_issuers_subject_of_the_same_name_is_let_in()
    {
        await RevokeAsync(new { subject = clinic.Doctor.Subject, issuer = "https://other.test" });

        await ShouldBeServedAsync(api, Token(clinic.Doctor).Sign());
    }

    [Test]
    public async Task Only_an_administrator_may()
    {
        foreach (var user in new[] { clinic.Doctor, clinic.Patient })
        {
            var answer = await api.WithToken(Token(user).Sign()).PostAsJsonAsync(Path, new { subject = clinic.Admin.Subject });
            await answer.ShouldBeAsync(AuthorizationErrors.Forbidden);
        }

        await ShouldBeServedAsync(api, Token(clinic.Admin).Sign());
    }

    [TestCase("{}")]
    [TestCase("""{"subject":null}""")]
    [TestCase("""{"subject":""}""")]
    [TestCase("""{"subject":" "}""")]
    [TestCase("""{"session_id":"\u0000"}""")]
    public async Task Nobody_named_is_REQ_002(string body) =>
        await (await PostAsync(body)).ShouldBeAsync(RequestErrors.Invalid);

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("""{"subject":1}""")]
    [TestCase("""{"subject":"a","subject":"b"}""")]
    [TestCase("""{"subject":"a","tenant_id":"0198c3d4-0000-7000-8000-0000000000aa"}""")]
    public async Task What_cannot_be_read_is_REQ_001(string body) =>
        await (await PostAsync(body)).ShouldBeAsync(RequestErrors.Malformed);

    [Test]
    public async Task A_subject_of_256_characters_is_REQ_002() =>
        await (await PostAsync($$"""{"subject":"{{new string('s', 256)}}"}""")).ShouldBeAsync(RequestErrors.Invalid);

    /// <summary>Fail closed: an instance that cannot read the list lets nobody in.</summary>
    [Test]
    public async Task Without_the_database_nobody_is_let_in()
    {
        await using var counted = new CountedApi();
        var token = App.Issuer.NewToken(clinic.Doctor).Sign();
        await ShouldBeServedAsync(counted.Api, token);

        await counted.CutAsync();
        counted.Time.Advance(RevocationList.MaximumAge);

        var answer = await counted.Api.WithToken(token).GetAsync("/api/v1/auth/me");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
    }

    private TokenBuilder Token(TestUser user)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        return App.Issuer.NewToken(user).With("iat", now).With("nbf", now).With("exp", now + 300);
    }

    private async Task RevokeAsync(object whom)
    {
        var answer = await api.WithToken(Token(clinic.Admin).Sign()).PostAsJsonAsync(Path, whom);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NoContent), await answer.Content.ReadAsStringAsync());
    }

    private Task<HttpResponseMessage> PostAsync(string body) => api.WithToken(Token(clinic.Admin).Sign())
        .PostAsync(Path, new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

    private static async Task ShouldBeServedAsync(ApiHost host, string token) => Assert.That(
        (await host.WithToken(token).GetAsync("/api/v1/auth/me")).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    private static async Task ShouldBeRefusedAsync(ApiHost host, string token) =>
        await (await host.WithToken(token).GetAsync("/api/v1/auth/me")).ShouldBeAsync(AuthenticationErrors.TokenRefused);
}
