using System.Net;

namespace HipaaTemplate.Tests.Platform.Health;

/// <summary>What probes and load balancers see.</summary>
internal sealed class HealthPagesTests
{
    [TestCase("/", "ok")]
    [TestCase("/api/v1/health/live", "live")]
    [TestCase("/health", "live")]
    [TestCase("/healthz", "live")]
    [TestCase("/api/v1/health/ready", "ready")]
    public async Task A_healthy_page_says_one_word_to_anybody(string path, string word)
    {
        var answer = await App.Api.Anonymous().GetAsync(path);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo($$"""{"status":"{{word}}"}"""));
    }
}
