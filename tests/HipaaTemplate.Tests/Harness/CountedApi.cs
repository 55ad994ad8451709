using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>An API on the shared database that reaches it through a <see cref="RoundTripProxy"/>.</summary>
internal sealed class CountedApi : IAsyncDisposable
{
    private const int RequestsUntilWarm = 10;
    private readonly RoundTripProxy proxy;

    public CountedApi()
    {
        var database = DatabaseUrl.Parse(App.DatabaseUrl);
        proxy = RoundTripProxy.InFrontOf(database.Host!, database.Port);
        database.Host = "127.0.0.1";
        database.Port = proxy.Port;
        // The clock stands still, so that nothing is read again for its age while it is counted.
        Api = new ApiHost(
            database.ConnectionString, App.Issuer, null, services => services.AddSingleton<TimeProvider>(Time));
    }

    public ApiHost Api { get; }

    public ManualTime Time { get; } = new();

    /// <summary>
    /// Round trips of one request once connections, prepared statements and the tenant's status are warm.
    /// </summary>
    public async Task<int> RoundTripsOfAsync(Func<HttpClient, Task<HttpResponseMessage>> send, TestUser user)
    {
        using var client = Api.WithToken(App.Issuer.NewToken(user).Sign());
        for (var i = 0; i < RequestsUntilWarm; i++)
        {
            using var warm = await send(client);
        }

        proxy.Reset();
        using var counted = await send(client);
        Assert.That(counted.IsSuccessStatusCode, Is.True, $"{counted.StatusCode}");
        return proxy.RoundTrips;
    }

    /// <summary>From now on nobody gets through.</summary>
    public ValueTask CutAsync() => proxy.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await proxy.DisposeAsync();
    }
}
