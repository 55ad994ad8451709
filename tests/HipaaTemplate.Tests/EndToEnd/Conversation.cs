using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Tokens;

namespace HipaaTemplate.Tests.EndToEnd;

/// <summary>Asks one API process and remembers what was sent, so that its log can be held against it.</summary>
internal sealed class Conversation(ApiProcess api) : IDisposable
{
    private const string MePath = "/api/v1/auth/me";
    private const string RevocationsPath = "/api/v1/auth/revocations";
    private const int TellingLength = 20;

    private readonly HttpClient client = api.Client();
    private readonly HashSet<string> secrets = [.. DemoUser.All.Select(user => user.Sub)];
    private readonly List<string> requestIds = [];

    public Uri Me { get; } = new(api.Address!, MePath);

    public Task<HttpResponseMessage> GetMeAsync(string token, string path = MePath) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), "Bearer", token);

    /// <param name="proof">The value of the header DPoP; null to send none.</param>
    public Task<HttpResponseMessage> GetMeByDpopAsync(string token, string? proof)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, MePath);
        if (proof is not null)
        {
            Remember(proof);
            request.Headers.Add("DPoP", proof);
        }

        return SendAsync(request, "DPoP", token);
    }

    public Task<HttpResponseMessage> RevokeAsync(string token, object body) => SendAsync(
        new HttpRequestMessage(HttpMethod.Post, RevocationsPath) { Content = JsonContent.Create(body) }, "Bearer", token);

    /// <summary>The caller hears AUTH_002; why it was so is in the log.</summary>
    public async Task ShouldBeRefusedAsync(HttpResponseMessage answer, TokenRefusal reason)
    {
        await answer.ShouldBeAsync(AuthenticationErrors.TokenRefused);
        var line = await LineAsync("Token refused", IdOf(answer));
        Assert.That(line.GetProperty("reason").GetString(), Is.EqualTo(reason.Word()));
    }

    /// <summary>The line that a request left in the log, by the beginning of its template.</summary>
    public async Task<JsonElement> LineAsync(string template, string requestId)
    {
        string? line = null;
        await Eventually.IsTrueAsync(
            () =>
            {
                line = api.Output.FirstOrDefault(text => text.Contains($"\"@mt\":\"{template}", StringComparison.Ordinal)
                    && text.Contains(requestId, StringComparison.Ordinal));
                return Task.FromResult(line is not null);
            },
            $"The log has no line \"{template}\" of this request.");
        return JsonSerializer.Deserialize<JsonElement>(line!);
    }

    public static string IdOf(HttpResponseMessage answer) => answer.Headers.GetValues("X-Request-Id").Single();

    /// <summary>
    /// All that the process has written, once it has written of every request: no part of a token or a proof
    /// that was sent, no other token either, and no subject.
    /// </summary>
    public async Task LogShouldKeepSecretsAsync()
    {
        foreach (var id in requestIds)
        {
            await LineAsync("{method} {route}", id);
        }

        var output = string.Join('\n', api.Output);
        Assert.Multiple(() =>
        {
            Assert.That(secrets.Count(secret => output.Contains(secret, StringComparison.OrdinalIgnoreCase)), Is.Zero);
            Assert.That(output, Does.Not.Match(@"eyJ[\w-]{10,}"));
        });
    }

    public void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string scheme, string token)
    {
        Remember(token);
        request.Headers.Authorization = new(scheme, token);
        var answer = await client.SendAsync(request);
        requestIds.Add(IdOf(answer));
        return answer;
    }

    private void Remember(string token) =>
        secrets.UnionWith(token.Split('.').Select(segment => segment[..Math.Min(TellingLength, segment.Length)]));
}
