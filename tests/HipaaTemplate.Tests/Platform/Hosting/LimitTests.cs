using System.Net;
using System.Net.Http.Headers;
using System.Text;
using HipaaTemplate.Platform.Errors;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>How much, how slow and how many.</summary>
internal sealed class LimitTests
{
    private const int MaximumBody = 1024 * 1024;
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [TestCase(MaximumBody, false, 400)]
    [TestCase(MaximumBody + 1, false, 413)]
    // In chunks, the server counts the chunks' own framing too.
    [TestCase(MaximumBody - 8192, true, 400)]
    [TestCase(MaximumBody + 1, true, 413)]
    public async Task A_body_may_have_1_MiB(int length, bool chunked, int status)
    {
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(new string(' ', length)));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, ProbeFeature.Path) { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = true;

        var answer = await App.As(clinic.Doctor).SendAsync(request);

        await answer.ShouldBeProblemAsync(status, status == 413 ? RequestErrors.TooLarge.Code : RequestErrors.Malformed.Code);
    }

    [Test]
    public async Task Headers_may_have_16_KiB()
    {
        var small = App.Api.Anonymous();
        small.DefaultRequestHeaders.Add("X-Padding", new string('x', 15 * 1024));
        var large = App.Api.Anonymous();
        large.DefaultRequestHeaders.Add("X-Padding", new string('x', 16 * 1024));

        Assert.That((await small.GetAsync("/health")).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That((await large.GetAsync("/health")).StatusCode, Is.EqualTo(HttpStatusCode.RequestHeaderFieldsTooLarge));
    }

    [Test]
    public async Task Headers_that_never_end_are_cut_off()
    {
        await using var api = Host(services => services.PostConfigure<KestrelServerOptions>(o =>
        {
            Assert.That(o.Limits.RequestHeadersTimeout, Is.EqualTo(TimeSpan.FromSeconds(10)));
            o.Limits.RequestHeadersTimeout = TimeSpan.FromMilliseconds(200);
        }));

        var answer = await RawHttp.SendAsync(api.Address, "GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");

        Assert.That(answer, Does.StartWith("HTTP/1.1 408").Or.Empty);
        Assert.That(answer, Does.Not.Contain("200 OK"));
    }

    [Test]
    public async Task One_connection_more_than_MAX_CONNECTIONS_is_closed()
    {
        await using var api = new ApiHost(
            App.DatabaseUrl, App.Issuer, new Dictionary<string, string> { ["MAX_CONNECTIONS"] = "1" });
        const string request = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        using (var first = await RawHttp.ConnectAsync(api.Address))
        {
            // Served and kept open: the one connection that there may be.
            await first.GetStream().WriteAsync("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            await first.GetStream().ReadExactlyAsync(new byte[12]);

            Assert.That(await RawHttp.SendAsync(api.Address, request), Is.Empty);
        }

        await Eventually.IsTrueAsync(
            async () => (await RawHttp.SendAsync(api.Address, request)).StartsWith("HTTP/1.1 200", StringComparison.Ordinal),
            "The place was never free again.");
    }

    [Test]
    public async Task A_request_that_takes_too_long_is_given_up_with_504()
    {
        TimeSpan? shipped = null;
        await using var api = Host(services => services.PostConfigure<RequestTimeoutOptions>(o =>
        {
            shipped = o.DefaultPolicy!.Timeout;
            o.DefaultPolicy = new RequestTimeoutPolicy
            {
                Timeout = TimeSpan.FromMilliseconds(200),
                TimeoutStatusCode = o.DefaultPolicy.TimeoutStatusCode,
                WriteTimeoutResponse = o.DefaultPolicy.WriteTimeoutResponse,
            };
        }));

        var answer = await api.WithToken(App.Issuer.NewToken(clinic.Doctor).Sign()).GetAsync($"{ProbeFeature.Path}/slow");

        await answer.ShouldBeAsync(RequestErrors.TimedOut);
        Assert.That(answer.Headers.RetryAfter?.ToString(), Is.EqualTo("5"));
        Assert.That(shipped, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [TestCase("GET /health HTTP/1.1\r\n\r\n", Description = "no Host")]
    [TestCase("GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [TestCase("GARBAGE\r\n\r\n")]
    [TestCase("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")]
    [TestCase("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [TestCase("GET /health HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n")]
    public async Task What_is_no_HTTP_request_is_400_and_the_end(string request)
    {
        var answer = await RawHttp.SendAsync(App.Api.Address, request);

        Assert.That(answer, Does.StartWith("HTTP/1.1 400"));
        Assert.That(answer, Does.Not.Contain("Server:"));
    }

    private static ApiHost Host(Action<IServiceCollection> services) =>
        new(App.DatabaseUrl, App.Issuer, null, services);
}
