using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Tests.Harness;

namespace HipaaTemplate.Benchmarks;

/// <summary>
/// Serves the API three times: audited and sealed as shipped, with one tenant and with many, and without the event of a read. Prints
/// "name address list" for each, the list being a file with a token and a path for each tenant, and ends with its standard input;
/// <c>tools/load audit</c> does the measuring.
/// </summary>
internal static class AuditCost
{
    private const string Patients = "/api/v1/patients";

    private static readonly Dictionary<string, string> Sealing = new() { ["AUDIT_SEAL"] = "true" };

    public static async Task ServeAsync(string folder, int tenants)
    {
        // What verbs print is not for whoever reads the lines.
        var output = Console.Out;
        Console.SetOut(TextWriter.Null);
        await App.StartAsync();
        var (one, _) = await App.NewMigratedApiAsync(Sealing);
        var (many, _) = await App.NewMigratedApiAsync(Sealing);
        var (none, _) = await App.NewMigratedApiAsync(Sealing, services => services.WithoutEventsOfReads());
        foreach (var (name, api, count) in new[] { ("audited", one, 1), ($"audited_{tenants}_tenants", many, tenants), ("not_audited", none, 1) })
        {
            var list = Path.Combine(folder, $"{name}.reads");
            await File.WriteAllLinesAsync(list, await ReadsAsync(api, count));
            await output.WriteLineAsync($"{name} {api.Address} {list}");
        }

        await output.FlushAsync();
        await Console.In.ReadToEndAsync();
        foreach (var api in new[] { one, many, none })
        {
            await api.DisposeAsync();
        }

        await App.StopAsync();
    }

    /// <summary>One patient of each tenant, and who may read it.</summary>
    private static async Task<IEnumerable<string>> ReadsAsync(ApiHost api, int tenants)
    {
        ConcurrentBag<string> reads = [];
        await Parallel.ForEachAsync(Enumerable.Range(0, tenants), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, ct) =>
        {
            var clinic = await App.NewClinicAsync(api);
            // Not five minutes: a thousand tenants take some of them to make.
            var token = App.Issuer.NewToken(clinic.Admin).With("exp", TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds()).Sign();
            using var client = api.WithToken(token);
            using var response = await client.PostAsJsonAsync(
                Patients, new { given_name = "Ada", family_name = "Byron", birth_date = "1990-12-10", mrn = "L-1" }, ct);
            var body = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(ct);
            reads.Add($"{token} {Patients}/{body.GetProperty("id").GetGuid()}");
        });
        return reads;
    }
}
