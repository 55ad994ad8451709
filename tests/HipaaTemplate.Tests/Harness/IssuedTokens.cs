using System.Diagnostics;
using System.Text.Json;

namespace HipaaTemplate.Tests.Harness;

/// <summary>What the token endpoint of the development identity provider answered.</summary>
/// <param name="AccessToken">For the API.</param>
/// <param name="IdToken">For the app.</param>
/// <param name="RefreshToken">For the identity provider.</param>
/// <param name="ClientKey">The private JWK that the access token is bound to, where it is bound.</param>
internal sealed record IssuedTokens(string AccessToken, string IdToken, string RefreshToken, JsonElement? ClientKey)
{
    /// <param name="line">As `tools/token --json` prints it.</param>
    public static IssuedTokens Parse(string line)
    {
        var answer = JsonSerializer.Deserialize<JsonElement>(line);
        string Text(string name) => answer.GetProperty(name).GetString()!;
        return new IssuedTokens(
            Text("access_token"),
            Text("id_token"),
            Text("refresh_token"),
            answer.TryGetProperty("dpop_key", out var key) ? key : null);
    }
}

/// <summary>Somebody who is signed in at the development identity provider: `tools/token --then-sign-out`, which waits.</summary>
internal sealed class BrowserSession(Process tool, IssuedTokens tokens) : IAsyncDisposable
{
    public IssuedTokens Tokens => tokens;

    /// <summary>Returns once the identity provider has told the API, or has tried to.</summary>
    public async Task SignOutAsync()
    {
        await tool.StandardInput.WriteLineAsync();
        tool.StandardInput.Close();
        var errors = await tool.StandardError.ReadToEndAsync();
        await tool.WaitForExitAsync();
        Assert.That(tool.ExitCode, Is.Zero, errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!tool.HasExited)
        {
            tool.Kill();
            await tool.WaitForExitAsync();
        }

        tool.Dispose();
    }
}
