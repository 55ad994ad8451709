using System.Diagnostics;
using System.Net;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Authentication.Users;
using HipaaTemplate.Platform.Authorization;

namespace HipaaTemplate.Tests.EndToEnd;

/// <summary>
/// Tokens of a real identity provider, at the real binary, over their whole life: signing in, refreshing, proving
/// possession, rotation of keys, signing out, revocation. After each test the log is searched for what was sent.
/// </summary>
internal sealed class SignInTests
{
    private const string Dana = "dana@northwind.test";
    private const string Adam = "adam@northwind.test";
    private const string Pat = "pat@northwind.test";
    private const string OneFactor = "urn:hipaa-template:1fa";
    private const string SeveralFactors = "urn:hipaa-template:mfa";

    /// <summary>What docs/AUTH_CONFIGURATION.md promises of a logout and of a revocation.</summary>
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(5);

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["OIDC_DPOP"] = "accepted",
        ["STEP_UP_POLICIES"] = "RevokeTokens:900",
        ["STEP_UP_ACR_VALUES"] = SeveralFactors,
    };

    private DevelopmentStack stack = null!;
    private Conversation api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        stack = await DevelopmentStack.StartAsync(Settings);
        api = new Conversation(stack.Api);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        api.Dispose();
        await stack.DisposeAsync();
    }

    [TearDown]
    public Task The_log_keeps_the_secrets_of_all_tests_so_far() => api.LogShouldKeepSecretsAsync();

    [TestCaseSource(typeof(DemoUser), nameof(DemoUser.OfClinics))]
    public async Task The_API_knows_of_a_user_what_the_identity_provider_said(DemoUser user)
    {
        var before = Now();
        var tokens = await stack.Issuer.TokensAsync(user.Email);

        var me = await MeAsync(tokens);

        var authentication = me.GetProperty("authentication");
        Assert.Multiple(() =>
        {
            Assert.That(me.GetProperty("user").GetProperty("issuer").GetString(), Is.EqualTo(stack.Issuer.Issuer));
            Assert.That(me.GetProperty("user").GetProperty("subject").GetString(), Is.EqualTo(user.Sub));
            Assert.That(me.GetProperty("tenant").GetProperty("slug").GetString(), Is.EqualTo(user.Clinic));
            Assert.That(me.GetProperty("tenant").GetProperty("id").GetString(), Is.EqualTo(
                user.Clinic == "northwind" ? DevelopmentIssuer.Northwind : DevelopmentIssuer.Southgate));
            Assert.That(Strings(me.GetProperty("roles")), Is.EqualTo(user.Roles));
            Assert.That(Strings(authentication.GetProperty("acr")), Is.EqualTo([OneFactor]));
            Assert.That(Strings(authentication.GetProperty("amr")), Is.EqualTo(["pwd"]));
            Assert.That(authentication.GetProperty("multi_factor").GetBoolean(), Is.False);
            Assert.That(authentication.GetProperty("proof_of_possession").GetBoolean(), Is.False);
            Assert.That(AuthTimeOf(me), Is.InRange(before, Now()));
        });
    }

    [Test]
    public async Task A_sign_in_with_several_factors_says_which()
    {
        var me = await MeAsync(await stack.Issuer.TokensAsync(Dana, "--mfa"));

        var authentication = me.GetProperty("authentication");
        Assert.Multiple(() =>
        {
            Assert.That(Strings(authentication.GetProperty("acr")), Is.EqualTo([SeveralFactors]));
            Assert.That(Strings(authentication.GetProperty("amr")), Is.EqualTo(["pwd", "otp", "mfa"]));
            Assert.That(authentication.GetProperty("multi_factor").GetBoolean(), Is.True);
        });
    }

    [Test]
    [Hipaa(Citations.UniqueUser)]
    public async Task A_user_keeps_an_id_over_sign_ins_and_shares_it_with_nobody()
    {
        var first = UserIdOf(await MeAsync(await stack.Issuer.TokensAsync(Dana)));
        var again = UserIdOf(await MeAsync(await stack.Issuer.TokensAsync(Dana)));
        var other = UserIdOf(await MeAsync(await stack.Issuer.TokensAsync(Adam)));

        Assert.That(again, Is.EqualTo(first));
        Assert.That(other, Is.Not.EqualTo(first));
    }

    [Test]
    public async Task The_short_address_says_the_same()
    {
        var tokens = await stack.Issuer.TokensAsync(Dana);

        var alias = await (await api.GetMeAsync(tokens.AccessToken, "/api/v1/me")).ShouldBeJsonAsync();

        Assert.That(alias.GetRawText(), Is.EqualTo((await MeAsync(tokens)).GetRawText()));
    }

    [Test]
    public async Task Neither_an_ID_token_nor_a_refresh_token_is_an_access_token()
    {
        var tokens = await stack.Issuer.TokensAsync(Dana);

        await api.ShouldBeRefusedAsync(await api.GetMeAsync(tokens.IdToken), TokenRefusal.TypeNotAllowed);
        await api.ShouldBeRefusedAsync(await api.GetMeAsync(tokens.RefreshToken), TokenRefusal.NotCompact);
    }

    [Test]
    public async Task The_log_names_a_refused_user_by_a_hash()
    {
        var tokens = await stack.Issuer.TokensAsync(Dana);

        var refused = await api.GetMeAsync(tokens.IdToken);

        var line = await api.LineAsync("Token refused", Conversation.IdOf(refused));
        Assert.That(line.GetProperty("user_id").GetString(), Is.EqualTo(
            SubjectHash.Of(stack.Issuer.Issuer, DemoUser.Of(Dana).Sub)));
    }

    [Test]
    public async Task While_keys_rotate_nobody_is_refused_and_a_retired_key_ends_its_tokens()
    {
        var first = await stack.Issuer.TokensAsync(Dana);
        await MeAsync(first);
        await stack.Issuer.RotateKeysAsync();
        var second = await stack.Issuer.TokensAsync(Dana);
        // No second attempt: the very first request of a new key has to do.
        await MeAsync(second);
        await MeAsync(first);

        await stack.Issuer.RetireKeysAsync();
        await stack.Issuer.RotateKeysAsync();
        var third = await stack.Issuer.TokensAsync(Dana);
        // It makes the API read the keys again; that it has to wait for its turn is the API's business.
        await MeAsync(third);

        await api.ShouldBeRefusedAsync(await api.GetMeAsync(first.AccessToken), TokenRefusal.KeyUnknown);
        await MeAsync(second);
        await MeAsync(third);
    }

    [Test]
    public async Task A_refreshed_token_is_good_and_a_refresh_token_used_twice_ends_all_that_came_of_it()
    {
        var first = await stack.Issuer.TokensAsync(Dana);
        var second = (await stack.Issuer.RefreshAsync(first.RefreshToken))!;
        var me = await MeAsync(second);
        Assert.That(second.AccessToken, Is.Not.EqualTo(first.AccessToken));
        Assert.That(AuthTimeOf(me), Is.EqualTo(AuthTimeOf(await MeAsync(first))), "Refreshing is no sign-in.");

        Assert.That(await stack.Issuer.RefreshAsync(first.RefreshToken), Is.Null, "It was used before.");

        Assert.That(await stack.Issuer.RefreshAsync(second.RefreshToken), Is.Null, "Its family has ended.");
        // Access tokens live on until they expire, or are revoked here.
        await MeAsync(second);
    }

    [Test]
    public async Task A_bound_token_is_good_with_its_proof_and_with_nothing_less()
    {
        var (token, key) = await BoundTokenAsync();
        using var _ = key;

        var me = await (await api.GetMeByDpopAsync(token, Proof(key, token).Sign(key.Sign))).ShouldBeJsonAsync();

        Assert.That(me.GetProperty("authentication").GetProperty("proof_of_possession").GetBoolean(), Is.True);
        await api.ShouldBeRefusedAsync(await api.GetMeAsync(token), TokenRefusal.BoundButSentAsBearer);
        await api.ShouldBeRefusedAsync(await api.GetMeByDpopAsync(token, proof: null), TokenRefusal.ProofMissing);
    }

    [Test]
    public async Task A_proof_that_is_wrong_in_one_thing_proves_nothing()
    {
        var (token, key) = await BoundTokenAsync();
        using var _ = key;
        using var thief = ClientKey.New();
        (string Proof, TokenRefusal Reason)[] cases =
        [
            (Proof(thief, token).Sign(thief.Sign), TokenRefusal.ProofOfAnotherKey),
            (Proof(key, token).Sign(thief.Sign), TokenRefusal.ProofSignatureWrong),
            (Proof(key, token).With("htm", "POST").Sign(key.Sign), TokenRefusal.ProofForAnotherRequest),
            (Proof(key, token).With("htu", $"{api.Me}/elsewhere").Sign(key.Sign), TokenRefusal.ProofForAnotherRequest),
            (Proof(key, token).With("ath", "another token's").Sign(key.Sign), TokenRefusal.ProofForAnotherToken),
            (Proof(key, token).Without("ath").Sign(key.Sign), TokenRefusal.ProofForAnotherToken),
            (Proof(key, token).With("iat", Now().ToUnixTimeSeconds() - 120).Sign(key.Sign), TokenRefusal.ProofTooOldOrTooNew),
        ];

        foreach (var (proof, reason) in cases)
        {
            await api.ShouldBeRefusedAsync(await api.GetMeByDpopAsync(token, proof), reason);
        }
    }

    [Test]
    public async Task A_proof_is_good_once()
    {
        var (token, key) = await BoundTokenAsync();
        using var _ = key;
        var proof = Proof(key, token).Sign(key.Sign);

        await (await api.GetMeByDpopAsync(token, proof)).ShouldBeJsonAsync();

        await api.ShouldBeRefusedAsync(await api.GetMeByDpopAsync(token, proof), TokenRefusal.ProofUsedBefore);
    }

    [Test]
    public async Task A_bearer_token_does_not_become_a_bound_one_by_a_proof()
    {
        var token = (await stack.Issuer.TokensAsync(Dana)).AccessToken;
        using var key = ClientKey.New();

        var answer = await api.GetMeByDpopAsync(token, Proof(key, token).Sign(key.Sign));

        await api.ShouldBeRefusedAsync(answer, TokenRefusal.NotBoundButSentAsDpop);
    }

    [Test]
    [Hipaa(Citations.Termination)]
    public async Task Signing_out_ends_the_tokens_of_that_session_within_five_seconds_and_of_no_other()
    {
        await using var leaving = await stack.Issuer.SignInAsync(Dana);
        var staying = await stack.Issuer.TokensAsync(Dana);
        await MeAsync(leaving.Tokens);
        await MeAsync(staying);

        await leaving.SignOutAsync();

        await ShouldBecomeRevokedAsync(api, leaving.Tokens.AccessToken);
        await MeAsync(staying);
    }

    [Test]
    public async Task Revoking_wants_a_sign_in_with_several_factors()
    {
        var session = new { session_id = Guid.CreateVersion7() };

        var refused = await api.RevokeAsync((await stack.Issuer.TokensAsync(Adam)).AccessToken, session);
        var done = await api.RevokeAsync((await stack.Issuer.TokensAsync(Adam, "--mfa")).AccessToken, session);

        await refused.ShouldBeAsync(AuthenticationErrors.StepUpNeeded);
        Assert.That(refused.Headers.GetValues("WWW-Authenticate"), Is.EqualTo(
        [
            $"Bearer error=\"insufficient_user_authentication\", acr_values=\"{SeveralFactors}\", max_age=\"900\"",
        ]));
        Assert.That(done.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
    }

    [Test]
    public async Task A_revoked_users_tokens_end_in_every_process_within_five_seconds_and_later_ones_are_good()
    {
        await using var process = await stack.AnotherApiAsync();
        using var second = new Conversation(process);
        var early = (await stack.Issuer.TokensAsync(Dana)).AccessToken;
        var adam = (await stack.Issuer.TokensAsync(Adam, "--mfa")).AccessToken;
        await (await api.GetMeAsync(early)).ShouldBeJsonAsync();
        await (await second.GetMeAsync(early)).ShouldBeJsonAsync();

        var done = await api.RevokeAsync(adam, new { subject = DemoUser.Of(Dana).Sub });
        var doneAt = Now();

        Assert.That(done.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        await Task.WhenAll(ShouldBecomeRevokedAsync(api, early), ShouldBecomeRevokedAsync(second, early));
        // Times in tokens are whole seconds: one that is issued in this very second counts as issued before.
        await Eventually.IsTrueAsync(() => Task.FromResult(Now() > doneAt), "The clock stands still.");
        var late = (await stack.Issuer.TokensAsync(Dana)).AccessToken;
        foreach (var asked in new[] { api, second })
        {
            await (await asked.GetMeAsync(late)).ShouldBeJsonAsync();
            await (await asked.GetMeAsync(adam)).ShouldBeJsonAsync();
            await asked.ShouldBeRefusedAsync(await asked.GetMeAsync(early), TokenRefusal.Revoked);
        }

        await second.LogShouldKeepSecretsAsync();
    }

    [Test]
    public async Task A_patient_revokes_nothing_however_strong_the_sign_in()
    {
        foreach (var options in new string[][] { [], ["--mfa"] })
        {
            var pat = (await stack.Issuer.TokensAsync(Pat, options)).AccessToken;
            var answer = await api.RevokeAsync(pat, new { subject = DemoUser.Of(Adam).Sub });
            await answer.ShouldBeAsync(AuthorizationErrors.Forbidden);
        }
    }

    private async Task<JsonElement> MeAsync(IssuedTokens tokens) =>
        await (await api.GetMeAsync(tokens.AccessToken)).ShouldBeJsonAsync();

    private async Task<(string Token, ClientKey Key)> BoundTokenAsync()
    {
        var tokens = await stack.Issuer.TokensAsync(Dana, "--dpop");
        return (tokens.AccessToken, ClientKey.From(tokens.ClientKey!.Value));
    }

    private TokenBuilder Proof(ClientKey key, string token) => key.Proof(HttpMethod.Get, api.Me, token);

    private static async Task ShouldBecomeRevokedAsync(Conversation api, string token)
    {
        var clock = Stopwatch.StartNew();
        HttpResponseMessage answer = null!;
        await Eventually.IsTrueAsync(
            async () => (answer = await api.GetMeAsync(token)).StatusCode == HttpStatusCode.Unauthorized, "It was never refused.");
        Assert.That(clock.Elapsed, Is.LessThan(Promised));
        await api.ShouldBeRefusedAsync(answer, TokenRefusal.Revoked);
    }

    /// <summary>In whole seconds, as tokens have it.</summary>
    private static DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());

    private static Guid UserIdOf(JsonElement me) => me.GetProperty("user").GetProperty("id").GetGuid();

    private static DateTimeOffset AuthTimeOf(JsonElement me) => me.GetProperty("authentication").GetProperty("auth_time").GetDateTimeOffset();

    private static IEnumerable<string?> Strings(JsonElement array) => array.EnumerateArray().Select(item => item.GetString());
}
