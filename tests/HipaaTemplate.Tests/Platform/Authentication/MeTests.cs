using System.Net;
using System.Text.Json;
using HipaaTemplate.Platform.Authorization;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>Who the token says one is, and the id under which this tenant knows one.</summary>
[Hipaa(Citations.UniqueUser)]
internal sealed class MeTests
{
    private Clinic clinic = null!;

    [SetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [TestCase("/api/v1/auth/me")]
    [TestCase("/api/v1/me")]
    public async Task It_says_what_the_token_says(string path)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var me = await MeAsync(
            App.Issuer.NewToken(clinic.Doctor).With("scope", "openid api").With("acr", "silver")
                .With("amr", new[] { "pwd", "mfa" }).With("auth_time", now - 60).With("exp", now + 200),
            path);

        var user = me.GetProperty("user");
        var authentication = me.GetProperty("authentication");
        Assert.Multiple(() =>
        {
            Assert.That(user.GetProperty("issuer").GetString(), Is.EqualTo(App.Issuer.Issuer));
            Assert.That(user.GetProperty("subject").GetString(), Is.EqualTo(clinic.Doctor.Subject));
            Assert.That(user.GetProperty("id").GetGuid(), Is.Not.EqualTo(Guid.Empty));
            Assert.That(me.GetProperty("tenant").GetRawText(), Is.EqualTo(
                $$"""{"id":"{{clinic.Id}}","slug":"{{clinic.Slug}}","name":"A clinic"}"""));
            Assert.That(Texts(me, "roles"), Is.EqualTo(new[] { "doctor" }));
            Assert.That(Texts(me, "permissions"), Is.EquivalentTo(new[] { "read_records", "write_records", "read_own_account" }));
            Assert.That(Texts(me, "scopes"), Is.EqualTo(new[] { "openid", "api" }));
            Assert.That(Texts(authentication, "acr"), Is.EqualTo(new[] { "silver" }));
            Assert.That(Texts(authentication, "amr"), Is.EqualTo(new[] { "pwd", "mfa" }));
            Assert.That(authentication.GetProperty("auth_time").GetDateTimeOffset().ToUnixTimeSeconds(), Is.EqualTo(now - 60));
            Assert.That(authentication.GetProperty("multi_factor").GetBoolean(), Is.True);
            Assert.That(authentication.GetProperty("proof_of_possession").GetBoolean(), Is.False);
            Assert.That(me.GetProperty("expires_at").GetDateTimeOffset().ToUnixTimeSeconds(), Is.EqualTo(now + 200));
        });
    }

    [Test]
    public async Task What_the_token_does_not_say_is_null_or_empty()
    {
        var me = await MeAsync(App.Issuer.NewToken(clinic.Patient));

        var authentication = me.GetProperty("authentication");
        Assert.Multiple(() =>
        {
            Assert.That(Texts(me, "permissions"), Is.EqualTo(new[] { "read_own_account", "read_own_access_log" }));
            Assert.That(Texts(me, "scopes"), Is.Empty);
            Assert.That(Texts(authentication, "acr"), Is.Empty);
            Assert.That(authentication.GetProperty("auth_time").ValueKind, Is.EqualTo(JsonValueKind.Null));
            Assert.That(authentication.GetProperty("multi_factor").GetBoolean(), Is.False);
        });
    }

    [Test]
    public async Task A_user_keeps_the_id_and_another_has_another()
    {
        var first = await IdAsync(clinic.Doctor);

        Assert.That(await IdAsync(clinic.Doctor), Is.EqualTo(first));
        await using var restarted = new ApiHost(App.DatabaseUrl, App.Issuer);
        Assert.That(await IdAsync(clinic.Doctor, restarted), Is.EqualTo(first), "it is stored, not only kept");
        Assert.That(await IdAsync(clinic.Admin), Is.Not.EqualTo(first));
    }

    [Test]
    public async Task Twenty_first_requests_at_once_make_one_user()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => IdAsync(clinic.Doctor)));

        Assert.That(ids.Distinct().Count(), Is.EqualTo(1));
        await using var owner = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        Assert.That(
            await owner.ScalarAsync<long>($"SELECT count(*) FROM app.users WHERE tenant_id = '{clinic.Id}'"), Is.EqualTo(1));
    }

    [Test]
    public async Task The_same_subject_in_another_tenant_is_another_user()
    {
        var other = await App.NewClinicAsync();

        var here = await IdAsync(clinic.Doctor);
        var there = await IdAsync(clinic.Doctor with { Tenant = other.Id });

        Assert.That(there, Is.Not.EqualTo(here));
    }

    /// <summary>An address is not an identity: at another issuer it may be somebody else's.</summary>
    [Test]
    public async Task The_same_e_mail_address_of_another_subject_is_another_user()
    {
        var one = await MeAsync(App.Issuer.NewToken(clinic.Doctor).With("email", "same@example.test").With("email_verified", true));
        var other = await MeAsync(App.Issuer.NewToken(clinic.Admin).With("email", "same@example.test").With("email_verified", true));

        Assert.That(other.GetProperty("user").GetProperty("id").GetGuid(), Is.Not.EqualTo(one.GetProperty("user").GetProperty("id").GetGuid()));
    }

    [Test]
    public async Task Who_has_no_role_here_is_told_so() => await (await App.Api.WithToken(
        App.Issuer.NewToken(clinic.User("janitor")).Sign()).GetAsync("/api/v1/me")).ShouldBeAsync(AuthorizationErrors.Forbidden);

    private static async Task<Guid> IdAsync(TestUser user, ApiHost? api = null) =>
        (await MeAsync(App.Issuer.NewToken(user), api: api)).GetProperty("user").GetProperty("id").GetGuid();

    private static async Task<JsonElement> MeAsync(TokenBuilder token, string path = "/api/v1/auth/me", ApiHost? api = null) =>
        await (await (api ?? App.Api).WithToken(token.Sign()).GetAsync(path)).ShouldBeJsonAsync(HttpStatusCode.OK);

    private static IEnumerable<string?> Texts(JsonElement parent, string name) =>
        parent.GetProperty(name).EnumerateArray().Select(item => item.GetString());
}
