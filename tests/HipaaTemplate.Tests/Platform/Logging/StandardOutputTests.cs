using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace HipaaTemplate.Tests.Platform.Logging;

/// <summary>The binary as a process: what it writes, and how it ends.</summary>
internal sealed class StandardOutputTests
{
    [Test]
    public async Task Every_line_is_CLEF_every_request_has_one_and_none_repeats_the_caller()
    {
        var settings = ApiProcess.Settings(App.DatabaseUrl, App.Issuer);
        settings["LOG_LEVEL"] = "DEBUG";
        await using var api = await ApiProcess.ServeAsync(settings);
        using var client = api.Client();
        client.DefaultRequestHeaders.Add("X-Marked", "canary");
        client.DefaultRequestHeaders.Add("X-Request-Id", "marked");
        client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("canary", "1"));
        var clinic = await App.NewClinicAsync();
        string[] paths =
        [
            "/?canary", "/health?canary=canary", "/api/v1/health/ready", "/api/v1/errors?q=canary",
            "/openapi.json", "/docs/index.html?canary", "/redoc/canary", "/canary", "/api/v1/canary?cursor=canary",
        ];
        foreach (var path in paths)
        {
            await client.GetAsync(path);
        }

        await client.PostAsync("/health?canary", new StringContent("canary"));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", App.Issuer.NewToken(clinic.Doctor).With("email", "canary@example.test").Sign());
        await client.GetAsync("/canary");

        await api.TerminateAsync();
        var result = await api.ExitAsync();

        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var requests = LogCapture.RequestLines(lines)
            .Where(line => line.GetProperty("request_id").GetString() == "marked").ToList();
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.Zero);
            Assert.That(result.Errors, Is.Empty);
            Assert.That(lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line)),
                Has.All.Matches<JsonElement>(line => line.TryGetProperty("@t", out _) && line.TryGetProperty("@mt", out _)));
            Assert.That(requests, Has.Count.EqualTo(paths.Length + 2));
            Assert.That(requests, Has.All.Matches<JsonElement>(line =>
                new[] { "method", "route", "status", "duration_ms", "request_id", "user_id", "tenant_id" }
                    .All(name => line.TryGetProperty(name, out _))));
            Assert.That(result.Output, Does.Not.Contain("canary").IgnoreCase);
        });
    }

    [Test]
    public async Task SIGTERM_lets_a_request_under_way_finish_takes_no_new_one_and_ends_with_0()
    {
        await using var api = await ApiProcess.ServeAsync(ApiProcess.Settings(App.DatabaseUrl, App.Issuer));
        using var connection = await RawHttp.ConnectAsync(api.Address!);
        using var reader = new StreamReader(connection.GetStream(), leaveOpen: true);

        // The API says that it goes on when its handler asks for the body, which waits for us.
        await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/v1/auth/backchannel-logout HTTP/1.1\r\nHost: {api.Address!.Authority}\r\nExpect: 100-continue\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 14\r\n\r\n"));
        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("HTTP/1.1 100 Continue"));
        Assert.That(await reader.ReadLineAsync(), Is.Empty);
        var answer = reader.ReadLineAsync();
        await api.TerminateAsync();
        await Eventually.IsTrueAsync(() => IsRefusedAsync(api), "It went on taking connections.");
        Assert.That(answer.IsCompleted, Is.False);
        await connection.GetStream().WriteAsync("logout_token=x"u8.ToArray());

        Assert.That(await answer, Is.EqualTo("HTTP/1.1 400 Bad Request"));
        var result = await api.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero);
        Assert.That(result.Errors, Is.Empty);
    }

    private static async Task<bool> IsRefusedAsync(ApiProcess api)
    {
        using var stranger = api.Client();
        try
        {
            await stranger.GetAsync("/health");
            return false;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }
}
