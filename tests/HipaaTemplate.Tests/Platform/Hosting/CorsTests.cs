using System.Net;
using HipaaTemplate.Platform.Authentication;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>Browsers let exactly the configured origins read answers, and never with cookies.</summary>
internal sealed class CorsTests
{
    private const string Origin = "https://app.example.test";
    private const string Local = "http://localhost:5173";
    private ApiHost api = null!;

    [OneTimeSetUp]
    public void Start() => api = new ApiHost(
        App.DatabaseUrl, App.Issuer, new Dictionary<string, string> { ["ALLOWED_ORIGINS"] = $"{Origin}, {Local}" });

    [OneTimeTearDown]
    public async Task StopAsync() => await api.DisposeAsync();

    [TestCase(Origin)]
    [TestCase(Local)]
    public async Task A_configured_origin_may_read_answers_and_errors(string origin)
    {
        foreach (var path in new[] { "/health", ProbeFeature.Path, "/nothing" })
        {
            var answer = await SendAsync(HttpMethod.Get, path, origin);
            Assert.That(Allowed(answer), Is.EqualTo(origin), path);
            Assert.That(answer.Headers.GetValues("Access-Control-Expose-Headers").Single(), Does.Contain("ETag").And.Contain("X-Request-Id"));
            Assert.That(answer.Headers.Contains("Access-Control-Allow-Credentials"), Is.False);
            Assert.That(answer.Headers.Vary, Does.Contain("Origin"));
        }
    }

    [TestCase("https://other.test")]
    [TestCase("null")]
    [TestCase("http://app.example.test")]
    [TestCase("https://app.example.test:8443")]
    [TestCase("https://app.example.test.evil.test")]
    [TestCase("https://evil-app.example.test")]
    [TestCase("https://sub.app.example.test")]
    [TestCase("https://app.example.test@evil.test")]
    [TestCase("https://appxexample.test")]
    [TestCase("http://localhost:5174")]
    [TestCase("http://127.0.0.1:5173")]
    public async Task Another_origin_may_not(string origin)
    {
        Assert.That(Allowed(await SendAsync(HttpMethod.Get, "/health", origin)), Is.Null);
        Assert.That(Allowed(await PreflightAsync(origin, "POST", "authorization")), Is.Null);
    }

    [Test]
    public async Task Without_configured_origins_nobody_may()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Add("Origin", Origin);

        Assert.That(Allowed(await App.Api.Anonymous().SendAsync(request)), Is.Null);
    }

    [Test]
    public async Task A_preflight_needs_no_token_and_allows_what_the_api_uses()
    {
        var answer = await PreflightAsync(Origin, "PUT", "authorization,content-type,if-match,idempotency-key,x-request-id");

        Assert.Multiple(() =>
        {
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
            Assert.That(Allowed(answer), Is.EqualTo(Origin));
            Assert.That(answer.Headers.GetValues("Access-Control-Allow-Methods").Single(),
                Does.Contain("PUT").And.Contain("DELETE").And.Not.Contain("*"));
            Assert.That(answer.Headers.GetValues("Access-Control-Allow-Headers").Single(),
                Does.Contain("Authorization").IgnoreCase.And.Not.Contain("*"));
            Assert.That(answer.Headers.Contains("Access-Control-Allow-Credentials"), Is.False);
        });
    }

    [Test]
    public async Task A_preflight_is_no_way_past_the_token()
    {
        var answer = await SendAsync(HttpMethod.Get, ProbeFeature.Path, Origin);

        await answer.ShouldBeAsync(AuthenticationErrors.NoToken);
    }

    private static string? Allowed(HttpResponseMessage answer) =>
        answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null;

    private Task<HttpResponseMessage> PreflightAsync(string origin, string method, string headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Options, ProbeFeature.Path);
        request.Headers.TryAddWithoutValidation("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", method);
        request.Headers.Add("Access-Control-Request-Headers", headers);
        return api.Anonymous().SendAsync(request);
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string origin)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Origin", origin);
        return api.Anonymous().SendAsync(request);
    }
}
