using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Authentication.Providers;

/// <summary>
/// Each provider's page in docs/identity-providers works: with its settings the API lets its access token in, reads
/// user, tenant, roles, scopes and strength of the sign-in from it, and refuses whatever else that provider signs.
/// </summary>
internal sealed class ProviderPresetTests
{
    private const string Me = "/api/v1/auth/me";
    private readonly Dictionary<string, ProviderStage> stages = [];

    private static IEnumerable<TestCaseData> Users =>
        ProviderTokens.Users.Select(user => new TestCaseData(user).SetArgDisplayNames(user.Provider));

    private static IEnumerable<TestCaseData> Traps =>
        ProviderTokens.Traps.Select(trap => new TestCaseData(trap).SetArgDisplayNames($"{trap.Provider}: {trap.Name}"));

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        foreach (var user in ProviderTokens.Users)
        {
            stages.Add(user.Provider, await ProviderStage.StartAsync(user.Provider));
        }

        // Its discovery document may be missing; so nobody may need it.
        stages["supabase"].Issuer.StatedIssuer = "https://elsewhere.test";
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        foreach (var stage in stages.Values)
        {
            await stage.DisposeAsync();
        }
    }

    [Test]
    public void Every_preset_has_its_token_and_its_traps() => Assert.Multiple(() =>
    {
        var presets = Enum.GetValues<IdentityProvider>().Where(provider => provider != IdentityProvider.Generic)
            .Select(provider => EnumWordConverterFactory.WordOf(provider.ToString())).ToList();
        Assert.That(ProviderTokens.Users.Select(user => user.Provider), Is.EquivalentTo(presets));
        Assert.That(ProviderTokens.Traps.Select(trap => trap.Provider).Distinct(), Is.EquivalentTo(presets));
        Assert.That(ProviderTokens.Traps.Select(trap => (trap.Provider, trap.Name)), Is.Unique);
    });

    [TestCaseSource(nameof(Users))]
    public async Task The_access_token_on_its_page_is_let_in_and_understood(ProviderUser user)
    {
        var stage = stages[user.Provider];
        var token = stage.Token;

        Assert.That((await stage.GetAsync(token)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var me = await (await stage.GetAsync(token, Me)).ShouldBeJsonAsync();

        var authentication = me.GetProperty("authentication");
        var issued = DateTimeOffset.FromUnixTimeSeconds(((JsonElement)token.Payload["iat"]!).GetInt64());
        DateTimeOffset? signedIn = user.SignedInAgo is { } seconds ? issued.AddSeconds(-seconds) : null;
        Assert.Multiple(() =>
        {
            Assert.That(me.GetProperty("user").GetProperty("issuer").GetString(), Is.EqualTo(stage.Issuer.Issuer));
            Assert.That(me.GetProperty("user").GetProperty("subject").GetString(), Is.EqualTo(user.Subject));
            Assert.That(me.GetProperty("tenant").GetProperty("id").GetGuid(), Is.EqualTo(stage.Clinic.Id.Value));
            Assert.That(me.GetProperty("roles").Strings(), Is.EqualTo(user.Roles));
            Assert.That(me.GetProperty("scopes").Strings(), Is.EqualTo(user.Scopes));
            Assert.That(authentication.GetProperty("acr").Strings(), Is.EqualTo(user.Acr));
            Assert.That(authentication.GetProperty("amr").Strings(), Is.EqualTo(user.Amr));
            Assert.That(authentication.GetProperty("auth_time").Deserialize<DateTimeOffset?>(), Is.EqualTo(signedIn));
            Assert.That(authentication.GetProperty("multi_factor").GetBoolean(), Is.EqualTo(user.MultiFactor));
        });
    }

    [TestCaseSource(nameof(Traps))]
    public async Task Refused_is(ProviderTrap trap)
    {
        var stage = stages[trap.Provider];

        await stage.ShouldBeRefusedAsync(trap.Change(stage.Token, stage), trap.Refusal);
    }

    [TestCase("okta", "acr")]
    [TestCase("entra", "acrs")]
    [TestCase("keycloak", "acr")]
    [TestCase("supabase", "aal")]
    public async Task A_stronger_sign_in_is_asked_for_where_its_page_says_how(string provider, string claim)
    {
        var stage = stages[provider];
        var strong = AsAdmin(stage);
        var weak = AsAdmin(stage).Without(claim);

        var refused = await DeleteAsync(stage, weak);

        await refused.ShouldBeAsync(AuthenticationErrors.StepUpNeeded);
        Assert.That(refused.Headers.WwwAuthenticate.ToString(), Does.Contain("acr_values="));
        await (await DeleteAsync(stage, strong)).ShouldBeAsync(ProbeFeature.NotFound);
    }

    /// <summary>The context class of a list, because Entra ID writes one.</summary>
    [Test]
    public async Task One_of_several_authentication_contexts_is_enough()
    {
        var stage = stages["entra"];

        await (await DeleteAsync(stage, AsAdmin(stage).With("acrs", new[] { "c7", "c1" }))).ShouldBeAsync(ProbeFeature.NotFound);
        await (await DeleteAsync(stage, AsAdmin(stage).With("acrs", new[] { "c7" }))).ShouldBeAsync(AuthenticationErrors.StepUpNeeded);
    }

    /// <summary>The page says that an age works though there is no auth_time.</summary>
    [TestCase(1000, 10, true)]
    [TestCase(10, 1000, true)]
    [TestCase(1000, 940, false)]
    public async Task The_latest_method_of_Supabase_is_the_time_of_the_sign_in(int password, int totp, bool isRecent)
    {
        var stage = stages["supabase"];
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var token = AsAdmin(stage).With("amr", new[]
        {
            new { method = "password", timestamp = now - password },
            new { method = "totp", timestamp = now - totp },
        });

        await (await DeleteAsync(stage, token)).ShouldBeAsync(isRecent ? ProbeFeature.NotFound : AuthenticationErrors.StepUpNeeded);
    }

    [TestCase("cognito", "origin_jti")]
    [TestCase("keycloak", "sid")]
    [TestCase("supabase", "session_id")]
    public async Task One_session_can_be_revoked_by_the_claim_that_names_it(string provider, string claim)
    {
        var stage = stages[provider];
        var session = Guid.CreateVersion7().ToString();
        TokenBuilder OfSession(string name) => stage.Token.With(claim, name);
        // Of before: one of a second later is another sign-in.
        var token = OfSession(session);
        Assert.That((await stage.GetAsync(token)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

        var answer = await stage.Api.WithToken(stage.Sign(AsAdmin(stage)))
            .PostAsJsonAsync("/api/v1/auth/revocations", new { session_id = session });

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await stage.ShouldBeRefusedAsync(token, TokenRefusal.Revoked);
        Assert.That((await stage.GetAsync(OfSession("another"))).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>Its logout tokens name the session, its access tokens do not.</summary>
    [Test]
    public async Task A_logout_at_Auth0_ends_every_access_token_of_the_user()
    {
        var stage = stages["auth0"];
        var subject = $"auth0|{Guid.CreateVersion7():N}";
        TokenBuilder OfUser(string name) => stage.Token.With("sub", name);
        var logout = OfUser(subject).WithHeader("typ", "logout+jwt")
            .Without("client_id").Without("scope").Without("permissions")
            .With("aud", stage.ClientId).With("sid", "exampleSession").With("jti", Guid.CreateVersion7().ToString())
            .With("events", new Dictionary<string, object> { ["http://schemas.openid.net/event/backchannel-logout"] = new { } });
        // Of before: one of a second later is another sign-in.
        var token = OfUser(subject);
        Assert.That((await stage.GetAsync(token)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

        using var form = new FormUrlEncodedContent([KeyValuePair.Create("logout_token", stage.Sign(logout))]);
        var answer = await stage.Api.Anonymous().PostAsync("/api/v1/auth/backchannel-logout", form);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await stage.ShouldBeRefusedAsync(token, TokenRefusal.Revoked);
        Assert.That((await stage.GetAsync(OfUser("auth0|another"))).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    /// <summary>A login name may change hands, and Entra ID's sub differs from app to app.</summary>
    [TestCase("okta", "uid")]
    [TestCase("entra", "oid")]
    public async Task The_user_stays_who_it_is_when_sub_changes_and_nobody_else_becomes_it(string provider, string claim)
    {
        var stage = stages[provider];
        var user = Guid.CreateVersion7().ToString();

        var before = await UserIdAsync(stage, stage.Token.With(claim, user).With("sub", "dana@northwind.test"));
        var renamed = await UserIdAsync(stage, stage.Token.With(claim, user).With("sub", "dana.north@northwind.test"));
        var other = await UserIdAsync(stage, stage.Token.With(claim, $"{user}2").With("sub", "dana@northwind.test"));

        Assert.That(renamed, Is.EqualTo(before).And.Not.EqualTo(other));
    }

    [TestCase("auth0")]
    [TestCase("supabase")]
    public async Task What_users_write_themselves_is_not_read(string provider)
    {
        var stage = stages[provider];
        var other = await App.NewClinicAsync();
        var token = stage.Token.With("user_metadata", new { tenant_id = other.Id.ToString(), roles = new[] { "admin" } });

        var me = await (await stage.GetAsync(token, Me)).ShouldBeJsonAsync();

        Assert.That(me.GetProperty("tenant").GetProperty("id").GetGuid(), Is.EqualTo(stage.Clinic.Id.Value));
        Assert.That(me.GetProperty("roles").Strings(), Is.EqualTo(new[] { "doctor" }));
        var nowhereElse = token.Without("tenant_id").With("app_metadata", new { roles = new[] { "doctor" } });
        await (await stage.GetAsync(nowhereElse)).ShouldBeAsync(TenantErrors.NoClaim);
    }

    private static TokenBuilder AsAdmin(ProviderStage stage)
    {
        string[] admin = ["admin"];
        var token = stage.Token;
        // Where its page has the roles, whichever provider it is.
        foreach (var name in new[] { "cognito:groups", "groups", "permissions", "roles" }.Where(token.Payload.ContainsKey))
        {
            token.With(name, admin);
        }

        return token.Payload.ContainsKey("realm_access") ? token.With("realm_access", new { roles = admin })
            : token.Payload.ContainsKey("app_metadata") ? token.With("app_metadata", new { tenant_id = stage.Clinic.Id.ToString(), roles = admin })
            : token;
    }

    private static Task<HttpResponseMessage> DeleteAsync(ProviderStage stage, TokenBuilder token) =>
        stage.Api.WithToken(stage.Sign(token)).DeleteAsync($"{ProbeFeature.Path}/{Guid.CreateVersion7()}");

    private static async Task<Guid> UserIdAsync(ProviderStage stage, TokenBuilder token) =>
        (await (await stage.GetAsync(token, Me)).ShouldBeJsonAsync()).GetProperty("user").GetProperty("id").GetGuid();
}
