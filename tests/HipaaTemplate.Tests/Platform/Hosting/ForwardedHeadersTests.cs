namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>X-Forwarded-Proto is believed from a configured proxy; HSTS shows whether it was.</summary>
internal sealed class ForwardedHeadersTests
{
    [TestCase("127.0.0.1", true)]
    [TestCase("127.0.0.0/8", true)]
    [TestCase("10.0.0.0/8,127.0.0.1", true)]
    [TestCase("10.0.0.0/8", false)]
    [TestCase("", false)]
    public async Task It_is_believed_from_a_configured_proxy_alone(string trusted, bool isBelieved)
    {
        await using var api = new ApiHost(
            App.DatabaseUrl, App.Issuer, new Dictionary<string, string> { ["TRUSTED_PROXIES"] = trusted });
        var client = api.Anonymous();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "198.51.100.7");
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");

        var answer = await client.GetAsync("/health");

        Assert.That(answer.Headers.Contains("Strict-Transport-Security"), Is.EqualTo(isBelieved));
    }
}
