namespace HipaaTemplate.Tests.EndToEnd;

/// <summary>What ./run starts: the identity provider, a migrated database with two clinics, the binary.</summary>
internal sealed class DevelopmentStack : IAsyncDisposable
{
    private readonly Dictionary<string, string> apiSettings;

    private DevelopmentStack(DevelopmentIssuer issuer, ApiProcess api, Dictionary<string, string> apiSettings)
    {
        Issuer = issuer;
        Api = api;
        this.apiSettings = apiSettings;
    }

    public DevelopmentIssuer Issuer { get; }

    public ApiProcess Api { get; }

    /// <param name="extraSettings">Of the API, beside those that ./run gives it.</param>
    public static async Task<DevelopmentStack> StartAsync(IReadOnlyDictionary<string, string>? extraSettings = null)
    {
        var port = Ports.Free();
        var issuer = await DevelopmentIssuer.StartAsync(port);
        var settings = issuer.ApiSettings(await App.Postgres.CreateDatabaseAsync($"e2e_{Guid.CreateVersion7():N}"));
        foreach (var (name, value) in extraSettings ?? new Dictionary<string, string>())
        {
            settings[name] = value;
        }

        await MigrateUpAsync(settings);
        await ShouldSucceedAsync(settings, "tenants", "add", "northwind", "Northwind Clinic", "--id", DevelopmentIssuer.Northwind);
        await ShouldSucceedAsync(settings, "tenants", "add", "southgate", "Southgate Clinic", "--id", DevelopmentIssuer.Southgate);
        return new DevelopmentStack(issuer, await ApiProcess.ServeAsync(settings, port), settings);
    }

    /// <summary>A second process on the same database, as a deployment with several instances has it.</summary>
    public Task<ApiProcess> AnotherApiAsync() => ApiProcess.ServeAsync(apiSettings);

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

    private static async Task MigrateUpAsync(Dictionary<string, string> settings)
    {
        await App.Roles.WaitAsync();
        try
        {
            await ShouldSucceedAsync(settings, "migrate", "up");
        }
        finally
        {
            App.Roles.Release();
        }
    }

    private static async Task ShouldSucceedAsync(Dictionary<string, string> settings, params string[] arguments)
    {
        var result = await ApiProcess.RunAsync(settings, arguments);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
    }
}
