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
    public async Task<string> TokenAsync(string user)
    {
        var start = new ProcessStartInfo(Repository.PathOf("tools", "token"), [user])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DEV_IDP_URL"] = Issuer;
        using var token = Process.Start(start)!;
        var errors = token.StandardError.ReadToEndAsync();
        var output = await token.StandardOutput.ReadToEndAsync();
        await token.WaitForExitAsync();
        Assert.That(token.ExitCode, Is.Zero, await errors);
        return output.Trim();
    }

    /// <summary>A new key signs from now on; the old one stays published.</summary>
    public async Task RotateKeysAsync()
    {
        using var client = new HttpClient();
        using var response = await client.PostAsync($"{Issuer}/dev/rotate", content: null);
        response.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static ProcessStartInfo Node(string script) => new("node", [script])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
