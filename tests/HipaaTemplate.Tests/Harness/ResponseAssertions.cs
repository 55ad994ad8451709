using System.Net;
using System.Text.Json;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Harness;

internal static class ResponseAssertions
{
    /// <summary>The answer is exactly this error, in the shape that DESIGN promises, and nothing more.</summary>
    public static Task ShouldBeAsync(this HttpResponseMessage response, Error error) =>
        response.ShouldBeProblemAsync(error.Status, error.Code);

    public static async Task<JsonElement> ShouldBeProblemAsync(
        this HttpResponseMessage response, int status, string code)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(status), body);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"), body);
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        Assert.Multiple(() =>
        {
            Assert.That(problem.GetProperty("code").GetString(), Is.EqualTo(code));
            Assert.That(problem.GetProperty("status").GetInt32(), Is.EqualTo(status));
            Assert.That(problem.GetProperty("type").GetString(), Is.EqualTo($"/api/v1/errors#{code}"));
            Assert.That(
                problem.GetProperty("request_id").GetString(),
                Is.EqualTo(response.Headers.GetValues("X-Request-Id").Single()));
            Assert.That(
                problem.EnumerateObject().Select(member => member.Name),
                Is.SubsetOf(new[] { "type", "title", "status", "code", "request_id", "errors" }));
        });
        return problem;
    }

    /// <summary>Same status, headers and body, to the byte, request id and clock aside.</summary>
    public static async Task ShouldBeIndistinguishableFromAsync(
        this HttpResponseMessage response, HttpResponseMessage other, string? which = null) => Assert.That(
            await VisibleAsync(response), Is.EqualTo(await VisibleAsync(other)), which);

    public static async Task<JsonElement> ShouldBeJsonAsync(
        this HttpResponseMessage response, HttpStatusCode status = HttpStatusCode.OK)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(status), body);
        return JsonSerializer.Deserialize<JsonElement>(body);
    }

    private static async Task<string> VisibleAsync(HttpResponseMessage response)
    {
        var requestId = response.Headers.GetValues("X-Request-Id").Single();
        var headers = response.Headers.Concat(response.Content.Headers)
            .Where(header => header.Key != "Date")
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        var text = $"{(int)response.StatusCode}\n{string.Join('\n', headers)}\n\n"
            + await response.Content.ReadAsStringAsync();
        return text.Replace(requestId, "(request id)", StringComparison.Ordinal);
    }
}
