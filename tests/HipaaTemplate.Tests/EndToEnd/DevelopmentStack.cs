namespace HipaaTemplate.Tests.EndToEnd;

/// <summary>What ./run starts: the identity provider, a migrated database with two clinics, the binary.</summary>
internal sealed class DevelopmentStack : IAsyncDisposable
{
    private DevelopmentStack(DevelopmentIssuer issuer, ApiProcess api)
    {
        Issuer = issuer;
        Api = api;
    }

    public DevelopmentIssuer Issuer { get; }

    public ApiProcess Api { get; }

    public static async Task<DevelopmentStack> StartAsync()
    {
        var port = Ports.Free();
        var issuer = await DevelopmentIssuer.StartAsync(port);
        var settings = issuer.ApiSettings(await App.Postgres.CreateDatabaseAsync($"e2e_{Guid.CreateVersion7():N}"));
        await ShouldSucceedAsync(settings, "migrate", "up");
        await ShouldSucceedAsync(settings, "tenants", "add", "northwind", "Northwind Clinic", "--id", DevelopmentIssuer.Northwind);
        await ShouldSucceedAsync(settings, "tenants", "add", "southgate", "Southgate Clinic", "--id", DevelopmentIssuer.Southgate);
        return new DevelopmentStack(issuer, await ApiProcess.ServeAsync(settings, port));
    }

    public async Task<HttpClient> AsAsync(string user)
    {
        var client = Api.Client();
        client.DefaultRequestHeaders.Authorization = new("Bearer", await Issuer.TokenAsync(user));
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Issuer.DisposeAsync();
    }

    private static async Task ShouldSucceedAsync(Dictionary<string, string> settings, params string[] arguments)
    {
        var result = await ApiProcess.RunAsync(settings, arguments);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
    }
}
