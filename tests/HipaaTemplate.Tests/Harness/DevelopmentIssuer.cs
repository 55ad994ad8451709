using System.Diagnostics;

namespace HipaaTemplate.Tests.Harness;

/// <summary>The development identity provider that ./run starts, as a process of its own.</summary>
internal sealed class DevelopmentIssuer : IAsyncDisposable
{
    public const string ClientId = "hipaa-template-spa";
    public const string Northwind = "0199a000-0000-7000-8000-000000000001";
    public const string Southgate = "0199a000-0000-7000-8000-000000000002";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private readonly Process process;

    private DevelopmentIssuer(Process process, string issuer)
    {
        this.process = process;
        Issuer = issuer;
    }

    public string Issuer { get; }

    /// <param name="apiPort">Where the API's documentation page will be; the sign-in returns there.</param>
    public static async Task<DevelopmentIssuer> StartAsync(int apiPort)
    {
        var start = Node(Repository.PathOf("tools", "dev-idp", "server.mjs"));
        start.Environment["PORT"] = Ports.Free().ToString();
        start.Environment["API_PORT"] = apiPort.ToString();
        var server = Process.Start(start)!;
        var errors = server.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(StartTimeout);
        while (await server.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            if (line.StartsWith("ready ", StringComparison.Ordinal))
            {
                _ = server.StandardOutput.ReadToEndAsync();
                return new DevelopmentIssuer(server, line["ready ".Length..]);
            }
        }

        throw new InvalidOperationException($"No development identity provider: {await errors}");
    }

    /// <summary>Settings that make the API accept this provider's tokens.</summary>
    public Dictionary<string, string> ApiSettings(string databaseUrl) => new()
    {
        ["ENVIRONMENT"] = "development",
        ["DATABASE_URL"] = databaseUrl,
        ["OIDC_ISSUER_URL"] = Issuer,
        ["OIDC_CLIENT_ID"] = ClientId,
        ["OIDC_AUDIENCE"] = TestIssuer.Audience,
    };

    /// <summary>An access token by the whole code and PKCE flow, as `tools/token` prints it.</summary>
    public async Task<string> TokenAsync(string user) => (await PrintedAsync(user)).Trim();

    /// <summary>The token endpoint's whole answer to the same flow.</summary>
    /// <param name="options">Of `tools/token`: --mfa, --dpop.</param>
    public async Task<IssuedTokens> TokensAsync(string user, params string[] options) =>
        IssuedTokens.Parse(await PrintedAsync(["--json", .. options, user]));

    /// <returns>Null when the refresh token was refused.</returns>
    public async Task<IssuedTokens?> RefreshAsync(string refreshToken)
    {
        using var tool = TokenTool("--refresh", refreshToken);
        var (output, errors) = await ReadToEndAsync(tool);
        if (tool.ExitCode != 0 && errors.Contains("invalid_grant", StringComparison.Ordinal))
        {
            return null;
        }

        Assert.That(tool.ExitCode, Is.Zero, errors);
        return IssuedTokens.Parse(output);
    }

    /// <summary>Signs in with a browser that stays open, so that it can sign out.</summary>
    public async Task<BrowserSession> SignInAsync(string user)
    {
        var tool = TokenTool("--json", "--then-sign-out", user);
        var line = await tool.StandardOutput.ReadLineAsync();
        Assert.That(line, Is.Not.Null, "Nobody was signed in.");
        return new BrowserSession(tool, IssuedTokens.Parse(line!));
    }

    /// <summary>A new key signs from now on; the old one stays published.</summary>
    public Task RotateKeysAsync() => ChangeKeysAsync("rotate");

    /// <summary>Only the key that signs is published from now on.</summary>
    public Task RetireKeysAsync() => ChangeKeysAsync("retire");

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private async Task ChangeKeysAsync(string change)
    {
        using var client = new HttpClient();
        using var response = await client.PostAsync($"{Issuer}/dev/{change}", content: null);
        response.EnsureSuccessStatusCode();
    }

    private async Task<string> PrintedAsync(params string[] arguments)
    {
        using var tool = TokenTool(arguments);
        var (output, errors) = await ReadToEndAsync(tool);
        Assert.That(tool.ExitCode, Is.Zero, errors);
        return output;
    }

    private Process TokenTool(params string[] arguments)
    {
        var start = new ProcessStartInfo(Repository.PathOf("tools", "token"), arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DEV_IDP_URL"] = Issuer;
        return Process.Start(start)!;
    }

    private static async Task<(string Output, string Errors)> ReadToEndAsync(Process tool)
    {
        var errors = tool.StandardError.ReadToEndAsync();
        var output = await tool.StandardOutput.ReadToEndAsync();
        await tool.WaitForExitAsync();
        return (output, await errors);
    }

    private static ProcessStartInfo Node(string script) => new("node", [script])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
