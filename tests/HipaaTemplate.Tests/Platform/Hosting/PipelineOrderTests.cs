using System.Net.Http.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>
/// Each request has two things wrong; the answer shows which part of the pipeline saw it first.
/// </summary>
internal sealed class PipelineOrderTests
{
    private const string SomeId = "0198c3d4-0000-7000-8000-0000000000aa";
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [TestCase("garbage")]
    [TestCase(null)]
    public async Task An_address_that_does_not_exist_comes_before_the_token(string? token) =>
        await ShouldBeAsync(HttpMethod.Get, "/api/v1/nothing", token, RequestErrors.NoSuchRoute);

    [TestCase("garbage")]
    [TestCase(null)]
    public async Task A_method_that_the_address_does_not_take_comes_before_the_token(string? token)
    {
        var answer = await ShouldBeAsync(HttpMethod.Put, ProbeFeature.Path, token, RequestErrors.MethodNotAllowed);

        Assert.That(answer.Content.Headers.Allow, Is.EquivalentTo(new[] { "GET", "POST" }));
    }

    [TestCase("garbage")]
    [TestCase(null)]
    public async Task A_media_type_that_the_address_does_not_take_comes_before_the_token(string? token) =>
        await ShouldBeAsync(
            HttpMethod.Post, ProbeFeature.Path, token, RequestErrors.UnsupportedMediaType, new StringContent("text"));

    [Test]
    public async Task The_token_comes_before_the_tenant() => await ShouldBeAsync(
        HttpMethod.Get, ProbeFeature.Path,
        App.Issuer.NewToken(clinic.Doctor).With("tenant_id", SomeId).With("exp", 1).Sign(),
        AuthenticationErrors.TokenRefused);

    [Test]
    public async Task The_tenant_comes_before_the_role() => await ShouldBeAsync(
        HttpMethod.Get, ProbeFeature.Path,
        App.Issuer.NewToken(clinic.Patient).With("tenant_id", SomeId).Sign(),
        TenantErrors.Unknown);

    [Test]
    public async Task The_role_comes_before_the_body() => await ShouldBeAsync(
        HttpMethod.Post, ProbeFeature.Path,
        App.Issuer.NewToken(clinic.Patient).Sign(),
        AuthorizationErrors.Forbidden,
        JsonContent.Create("not what is expected"));

    [Test]
    public async Task The_role_comes_before_the_row() => await ShouldBeAsync(
        HttpMethod.Delete, $"{ProbeFeature.Path}/{SomeId}",
        App.Issuer.NewToken(clinic.Doctor).Sign(),
        AuthorizationErrors.Forbidden);

    private static async Task<HttpResponseMessage> ShouldBeAsync(
        HttpMethod method, string path, string? token, Error error, HttpContent? content = null)
    {
        var client = token is null ? App.Api.Anonymous() : App.Api.WithToken(token);
        var answer = await client.SendAsync(new HttpRequestMessage(method, path) { Content = content });
        await answer.ShouldBeAsync(error);
        return answer;
    }
}
