using System.Net;
using System.Net.Http.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>A policy may want a stronger or a more recent sign-in, and says which (RFC 9470).</summary>
[Hipaa(Citations.Authentication)]
internal sealed class StepUpTests
{
    private const string Challenge =
        "Bearer error=\"insufficient_user_authentication\", acr_values=\"gold urn:test:mfa\", max_age=\"900\"";

    private ApiHost api = null!;
    private Clinic clinic = null!;

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        api = new ApiHost(App.DatabaseUrl, App.Issuer, new Dictionary<string, string>
        {
            ["STEP_UP_POLICIES"] = "DeleteRecords:900, WriteRecords",
            ["STEP_UP_ACR_VALUES"] = "gold,urn:test:mfa",
            ["STEP_UP_AMR_VALUES"] = "mfa,hwk",
            ["OIDC_DPOP"] = "accepted",
        });
        clinic = await App.NewClinicAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await api.DisposeAsync();

    [Test]
    public async Task A_sign_in_with_one_factor_is_sent_to_sign_in_again_and_told_how()
    {
        var answer = await DeleteAsync(Token(clinic.Admin).With("amr", new[] { "pwd" }).With("acr", "bronze").With("auth_time", Now));

        await answer.ShouldBeAsync(AuthenticationErrors.StepUpNeeded);
        Assert.That(answer.Headers.WwwAuthenticate.ToString(), Is.EqualTo(Challenge));
    }

    [Test]
    public async Task A_client_that_proves_possession_is_challenged_by_that_scheme()
    {
        using var key = ClientKey.New();
        var token = Token(clinic.Admin).With("cnf", new { jkt = key.Thumbprint }).Sign();
        var url = new Uri(api.Address, $"{ProbeFeature.Path}/{Guid.CreateVersion7()}");
        using var client = api.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "DPoP " + token);
        client.DefaultRequestHeaders.TryAddWithoutValidation("DPoP", key.Proof(HttpMethod.Delete, url, token).Sign(key.Sign));

        var answer = await client.DeleteAsync(url);

        await answer.ShouldBeAsync(AuthenticationErrors.StepUpNeeded);
        Assert.That(answer.Headers.WwwAuthenticate.ToString(), Does.StartWith("DPoP error=\"insufficient_user_authentication\""));
    }

    [TestCase("acr", "gold")]
    [TestCase("acr", "urn:test:mfa")]
    [TestCase("acr", new[] { "bronze", "gold" })]
    [TestCase("amr", new[] { "pwd", "hwk" })]
    public async Task Several_factors_by_class_or_by_method_are_enough(string claim, object value) =>
        await ShouldBeEnoughAsync(Token(clinic.Admin).With(claim, value).With("auth_time", Now - 600));

    [TestCase("acr", "Gold")]
    [TestCase("acr", "gold urn:test:mfa")]
    [TestCase("acr", "")]
    [TestCase("acr", 1)]
    [TestCase("amr", "mfa")]
    [TestCase("amr", new[] { "MFA" })]
    [TestCase("amr", new string[0])]
    public async Task Anything_else_is_not(string claim, object value) =>
        await (await DeleteAsync(Token(clinic.Admin).With(claim, value).With("auth_time", Now))).ShouldBeAsync(AuthenticationErrors.StepUpNeeded);

    [Test]
    public async Task A_sign_in_that_is_too_old_or_does_not_say_how_old_it_is_is_not_enough()
    {
        await (await DeleteAsync(Strong().With("auth_time", Now - 1000))).ShouldBeAsync(AuthenticationErrors.StepUpNeeded);
        await (await DeleteAsync(Strong())).ShouldBeAsync(AuthenticationErrors.StepUpNeeded);
        await ShouldBeEnoughAsync(Strong().With("auth_time", Now - 800));
    }

    [Test]
    public async Task A_policy_without_an_age_does_not_ask_for_one()
    {
        var weak = await PostAsync(Token(clinic.Admin));
        await weak.ShouldBeAsync(AuthenticationErrors.StepUpNeeded);
        Assert.That(weak.Headers.WwwAuthenticate.ToString(), Does.Not.Contain("max_age"));

        Assert.That((await PostAsync(Strong())).StatusCode, Is.EqualTo(HttpStatusCode.Created));
    }

    [Test]
    public async Task Another_policy_is_as_before() => Assert.That(
        (await api.WithToken(Token(clinic.Admin).Sign()).GetAsync(ProbeFeature.Path)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    /// <summary>Signing in again would not help.</summary>
    [Test]
    public async Task Who_lacks_the_role_is_told_that() =>
        await (await DeleteAsync(Token(clinic.Doctor))).ShouldBeAsync(AuthorizationErrors.Forbidden);

    [TestCase("Nothing")]
    [TestCase("DeleteRecords:soon")]
    [TestCase("DeleteRecords:-1")]
    [TestCase("deleterecords")]
    public void A_policy_that_there_is_not_stops_the_start(string policies) => Assert.That(
        new StepUpSettings { Policies = [policies] }.Problems(), Has.One.StartsWith("STEP_UP_POLICIES must hold"));

    [Test]
    public void A_policy_named_twice_stops_the_start() => Assert.That(
        new StepUpSettings { Policies = ["DeleteRecords", "DeleteRecords:900"] }.Problems(), Has.One.StartsWith("STEP_UP_POLICIES must not"));

    [TestCase("a\"b")]
    [TestCase("a b")]
    [TestCase("a\r\nb")]
    public void A_value_that_does_not_fit_into_the_header_stops_the_start(string value) => Assert.That(
        new StepUpSettings { ContextClasses = [value] }.Problems(), Has.One.StartsWith("STEP_UP_ACR_VALUES must be"));

    private TokenBuilder Strong() => Token(clinic.Admin).With("amr", new[] { "pwd", "mfa" });

    private static TokenBuilder Token(TestUser user) => App.Issuer.NewToken(user);

    private async Task ShouldBeEnoughAsync(TokenBuilder token) =>
        await (await DeleteAsync(token)).ShouldBeAsync(ProbeFeature.NotFound);

    private Task<HttpResponseMessage> DeleteAsync(TokenBuilder token) =>
        api.WithToken(token.Sign()).DeleteAsync($"{ProbeFeature.Path}/{Guid.CreateVersion7()}");

    private Task<HttpResponseMessage> PostAsync(TokenBuilder token) =>
        api.WithToken(token.Sign()).PostAsJsonAsync(ProbeFeature.Path, new { text = $"{Guid.CreateVersion7()}" });
}
