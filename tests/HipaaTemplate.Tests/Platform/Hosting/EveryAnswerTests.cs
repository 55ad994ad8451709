using System.Net.Http.Headers;
using System.Text;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>What every answer carries, whoever wrote it.</summary>
internal sealed class EveryAnswerTests
{
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [TestCaseSource(nameof(Answers))]
    public async Task It_carries_the_security_headers(string method, string path, int status, string? body)
    {
        var answer = await SendAsync(method, path, status, body);

        Assert.Multiple(() =>
        {
            Assert.That(answer.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }));
            Assert.That(answer.Headers.GetValues("X-Frame-Options"), Is.EqualTo(new[] { "DENY" }));
            Assert.That(answer.Headers.GetValues("Referrer-Policy"), Is.EqualTo(new[] { "no-referrer" }));
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.That(policy, Does.StartWith("default-src 'none'").And.Contain("frame-ancestors 'none'"));
            Assert.That(policy, Does.Not.Contain("script-src 'unsafe-inline'").And.Not.Contain("*"));
            Assert.That(answer.Headers.Contains("Server"), Is.False);
            Assert.That(answer.Headers.Contains("X-Powered-By"), Is.False);
            Assert.That(answer.Headers.Contains("Strict-Transport-Security"), Is.False, "plain http");
            if (!path.StartsWith("/docs", StringComparison.Ordinal) && !path.StartsWith("/redoc", StringComparison.Ordinal))
            {
                Assert.That(answer.Headers.CacheControl?.NoStore, Is.True);
                Assert.That(policy, Is.EqualTo("default-src 'none'; frame-ancestors 'none'"));
            }
        });
    }

    [TestCaseSource(nameof(Answers))]
    public async Task It_carries_the_callers_request_id(string method, string path, int status, string? body)
    {
        const string id = "Abc-1_2.3";

        var answer = await SendAsync(method, path, status, body, id);

        Assert.That(answer.Headers.GetValues("X-Request-Id"), Is.EqualTo(new[] { id }));
    }

    [TestCase("")]
    [TestCase("two words")]
    [TestCase("a\tb")]
    [TestCase("a;b")]
    [TestCase("{\"a\":1}")]
    [TestCase("<script>")]
    [TestCase("a,b")]
    [TestCase("12345678901234567890123456789012345678901234567890123456789012345", Description = "65 characters")]
    public async Task A_request_id_that_could_forge_a_log_line_is_replaced(string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);

        await ShouldHaveAnIdOfOurOwnAsync(request);
    }

    [Test]
    public async Task Two_request_ids_are_replaced_by_one()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.TryAddWithoutValidation("X-Request-Id", ["one", "two"]);

        await ShouldHaveAnIdOfOurOwnAsync(request);
    }

    [Test]
    public async Task Without_a_request_id_each_request_gets_another()
    {
        var client = App.Api.Anonymous();

        var first = (await client.GetAsync("/health")).Headers.GetValues("X-Request-Id").Single();
        var second = (await client.GetAsync("/health")).Headers.GetValues("X-Request-Id").Single();

        Assert.That(first, Is.Not.EqualTo(second));
    }

    private static async Task ShouldHaveAnIdOfOurOwnAsync(HttpRequestMessage request)
    {
        var answer = await App.Api.Anonymous().SendAsync(request);

        Assert.That(answer.Headers.GetValues("X-Request-Id").Single(), Does.Match("^[0-9a-f]{32}$"));
    }

    private static IEnumerable<TestCaseData> Answers()
    {
        var probes = ProbeFeature.Path;
        yield return new TestCaseData("GET", "/", 200, null);
        yield return new TestCaseData("GET", "/health", 200, null);
        yield return new TestCaseData("GET", "/openapi.json", 200, null);
        yield return new TestCaseData("GET", "/docs/index.html", 200, null);
        yield return new TestCaseData("GET", "/redoc/index.html", 200, null);
        yield return new TestCaseData("GET", "/docs", 301, null);
        yield return new TestCaseData("GET", "/docs/nothing", 404, null);
        yield return new TestCaseData("GET", probes, 200, null);
        yield return new TestCaseData("POST", probes, 400, "{");
        yield return new TestCaseData("GET", "/nothing", 404, null);
        yield return new TestCaseData("PUT", probes, 405, null);
        yield return new TestCaseData("DELETE", $"{probes}/0198c3d4-0000-7000-8000-0000000000aa", 403, null);
        yield return new TestCaseData("POST", $"{probes}/throw", 500, "{\"text\":\"x\"}");
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method, string path, int status, string? body, string? requestId = null)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = App.Api.Address };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", App.Issuer.NewToken(clinic.Doctor).Sign());
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        if (requestId is not null)
        {
            request.Headers.Add("X-Request-Id", requestId);
        }

        var answer = await client.SendAsync(request);
        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        return answer;
    }
}
