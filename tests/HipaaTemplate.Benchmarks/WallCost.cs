using HipaaTemplate.Tests.Harness;

namespace HipaaTemplate.Benchmarks;

/// <summary>
/// Serves the API three times: as shipped, with the bare tenant scope, and with no wall at all. Prints
/// "name address token" for each and ends with its standard input; <c>tools/load walls</c> does the
/// measuring.
/// </summary>
internal static class WallCost
{
    public static async Task ServeAsync()
    {
        // What verbs print is not for whoever reads the lines.
        var output = Console.Out;
        Console.SetOut(TextWriter.Null);
        await App.StartAsync();
        var (signed, _) = await App.NewMigratedApiAsync();
        var (bare, _) = await App.NewMigratedApiAsync(new Dictionary<string, string> { ["DATABASE_TENANT_SCOPE"] = "bare" });
        var open = await Walls.NewOpenApiAsync();
        foreach (var (name, api) in new[] { ("signed", signed), ("bare", bare), ("none", open) })
        {
            var clinic = await App.NewClinicAsync(api);
            await output.WriteLineAsync($"{name} {api.Address} {App.Issuer.NewToken(clinic.Admin).Sign()}");
        }

        await output.FlushAsync();
        await Console.In.ReadToEndAsync();
        foreach (var api in new[] { signed, bare, open })
        {
            await api.DisposeAsync();
        }

        await App.StopAsync();
    }
}
