using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Harness;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Benchmarks;

/// <summary>
/// What people notice of a rotation: the latency of those who read and those who write patients, on the real
/// binary with a database of its own, without a rotation and while <c>keys rotate</c> runs beside it, in turn.
/// </summary>
internal sealed class RotationCost : IAsyncDisposable
{
    private const int Readers = 50;
    private const int Writers = 50;
    private const int Patients = 1_000;
    private const int Rounds = 3;
    private const string Slug = "northwind";
    private const string Path = "/api/v1/patients";

    /// <summary>A thirtieth of the default, so that a rotation takes a minute and not half an hour.</summary>
    private const int CacheSeconds = 10;

    private static readonly KeyTimes Times = new(Options.Create(new ProtectionSettings { CacheSeconds = CacheSeconds }));

    /// <summary>Until the runtime has compiled what is used most for the last time.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);

    /// <summary>Of each person; a hundred of them ask two hundred times a second, which leaves cores for a rotation.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<string, string> settings;
    private readonly ApiProcess api;
    private readonly HttpClient client;
    private Guid[] ids = [];
    private ConcurrentBag<Measured> measured = [];

    private RotationCost(Dictionary<string, string> settings, ApiProcess api, string token)
    {
        this.settings = settings;
        this.api = api;
        client = api.Client();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <param name="binary">The published API, compiled ahead of time as the image has it.</param>
    /// <param name="seconds">Of a round without a rotation; one with it is as long as the rotation takes.</param>
    /// <returns>Whether nobody met an error.</returns>
    public static async Task<bool> RunAsync(string binary, int seconds)
    {
        ApiProcess.Binary = binary;
        var output = Console.Out;
        Console.SetOut(TextWriter.Null);
        await App.StartAsync();
        try
        {
            await using var cost = await StartAsync();
            return await cost.MeasureAsync(TimeSpan.FromSeconds(seconds), output);
        }
        finally
        {
            await App.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await api.DisposeAsync();
    }

    private static async Task<RotationCost> StartAsync()
    {
        var apiSettings = ApiProcess.Settings(await App.Postgres.CreateDatabaseAsync("rotation"), App.Issuer);
        apiSettings["KEY_CACHE_SECONDS"] = CacheSeconds.ToString(CultureInfo.InvariantCulture);
        apiSettings["LOG_LEVEL"] = "WARNING";
        Clinic clinic = new(TenantId.From(Guid.CreateVersion7()), Slug);
        await VerbAsync(apiSettings, "migrate", "up");
        await VerbAsync(apiSettings, "tenants", "add", Slug, "A clinic", "--id", clinic.Id.ToString());
        var later = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        var cost = new RotationCost(
            apiSettings, await ApiProcess.ServeAsync(apiSettings), App.Issuer.NewToken(clinic.Admin).With("exp", later).Sign());
        ConcurrentBag<Guid> added = [await cost.AddAsync()];
        await Parallel.ForEachAsync(
            Enumerable.Range(1, Patients - 1), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => added.Add(await cost.AddAsync()));
        cost.ids = [.. added];
        return cost;
    }

    private static async Task VerbAsync(Dictionary<string, string> apiSettings, params string[] verb)
    {
        var result = await ApiProcess.RunAsync(apiSettings, verb);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"{string.Join(' ', verb)}: {result.Output}{result.Errors}");
        }
    }

    private async Task<bool> MeasureAsync(TimeSpan duration, TextWriter output)
    {
        using var over = new CancellationTokenSource();
        var people = Task.WhenAll(
        [
            .. Enumerable.Range(0, Readers).Select(_ => WorkAsync(ReadAsync, over.Token)),
            .. Enumerable.Range(0, Writers).Select(_ => WorkAsync(NewWriter(), over.Token)),
        ]);
        await Console.Error.WriteLineAsync("warming up, with a rotation that does not count …");
        await RotateAsync();
        await Task.Delay(WarmUp, CancellationToken.None);
        List<Figures> without = [], during = [], sealing = [], rest = [];
        for (var round = 1; round <= Rounds; round++)
        {
            await Console.Error.WriteLineAsync($"round {round} of {Rounds} …");
            measured = [];
            await Task.Delay(duration, CancellationToken.None);
            without.Add(Figures.Of(measured));
            measured = [];
            var (from, to) = await RotateAsync();
            during.Add(Figures.Of(measured));
            sealing.Add(Figures.Of(measured.Where(one => one.At >= from && one.At <= to)));
            rest.Add(Figures.Of(measured.Where(one => one.At < from || one.At > to)));
        }

        await over.CancelAsync();
        await people;
        await output.WriteLineAsync($"{$"{Readers} read, {Writers} write, {Patients} patients",-40} {"requests",9} {"errors",7} {"p50 ms",8} {"ratio",6} {"p99 ms",8} {"ratio",6}");
        foreach (var (name, rounds) in new[] { ("without a rotation", without), ("while a key is replaced", during), ("  while its rows are sealed anew", sealing), ("  while it waits and ends", rest) })
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-40} {rounds.Sum(r => r.Requests),9} {rounds.Sum(r => r.Errors),7} {Median(rounds, r => r.P50),8:0.0} {Median(rounds, r => r.P50) / Median(without, r => r.P50),6:0.00} {Median(rounds, r => r.P99),8:0.0} {Median(rounds, r => r.P99) / Median(without, r => r.P99),6:0.00}"));
        }

        return without.Concat(during).All(round => round.Errors == 0);
    }

    /// <returns>When it began to seal rows anew, and when it had.</returns>
    private async Task<(long From, long To)> RotateAsync()
    {
        await using var verb = ApiProcess.BeginNicely(settings, "keys", "rotate", "--tenant", Slug);
        var ending = verb.ExitAsync();
        long from = 0, to = 0;
        while (!ending.IsCompleted)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            // It says when it begins to wait until the new version seals; what follows the wait is the sealing, which
            // it says the second time: the first is what an earlier rotation might have left.
            var lines = verb.Output;
            from = from == 0 && lines.Any(line => line.Contains("waiting", StringComparison.Ordinal)) ? Stopwatch.GetTimestamp() + (long)(Times.Delay.TotalSeconds * Stopwatch.Frequency) : from;
            to = to == 0 && lines.Count(line => line.Contains(" anew", StringComparison.Ordinal)) > 1 ? Stopwatch.GetTimestamp() : to;
        }

        var result = await ending;
        return result.ExitCode == 0 ? (from, to) : throw new InvalidOperationException($"keys rotate: {result.Output}{result.Errors}");
    }

    private async Task WorkAsync(Func<CancellationToken, Task<bool>> act, CancellationToken over)
    {
        // Not all in step.
        await Task.Delay(Pause * Random.Shared.NextDouble(), CancellationToken.None);
        while (!over.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            bool succeeded;
            try
            {
                succeeded = await act(CancellationToken.None);
            }
            catch (HttpRequestException)
            {
                succeeded = false;
            }

            var took = Stopwatch.GetElapsedTime(began);
            measured.Add(new Measured(Stopwatch.GetTimestamp(), took, succeeded));
            await Task.Delay(took < Pause ? Pause - took : TimeSpan.Zero, CancellationToken.None);
        }
    }

    private async Task<bool> ReadAsync(CancellationToken ct)
    {
        using var response = await client.GetAsync($"{Path}/{ids[Random.Shared.Next(ids.Length)]}", ct);
        await response.Content.ReadAsByteArrayAsync(ct);
        return response.IsSuccessStatusCode;
    }

    /// <summary>Somebody who corrects one patient over and over.</summary>
    private Func<CancellationToken, Task<bool>> NewWriter()
    {
        string? path = null, entityTag = null;
        var mrn = $"{Guid.CreateVersion7():N}";
        return async ct =>
        {
            using var request = new HttpRequestMessage(path is null ? HttpMethod.Post : HttpMethod.Put, path ?? Path)
            {
                Content = JsonContent.Create(Body(mrn)),
            };
            if (entityTag is not null)
            {
                request.Headers.TryAddWithoutValidation("If-Match", entityTag);
            }

            using var response = await client.SendAsync(request, ct);
            entityTag = response.Headers.ETag?.ToString() ?? entityTag;
            path ??= response.IsSuccessStatusCode ? $"{Path}/{await IdOfAsync(response)}" : null;
            return response.IsSuccessStatusCode;
        };
    }

    private async Task<Guid> AddAsync()
    {
        using var response = await client.PostAsJsonAsync(Path, Body($"{Guid.CreateVersion7():N}"));
        return await IdOfAsync(response.EnsureSuccessStatusCode());
    }

    private static async Task<Guid> IdOfAsync(HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();

    private static Dictionary<string, string> Body(string mrn) => new()
    {
        ["given_name"] = $"Ada {Random.Shared.Next()}", ["family_name"] = "Byron", ["birth_date"] = "1990-12-10", ["mrn"] = mrn,
        ["email"] = $"{mrn}@example.test", ["phone"] = "+46 8 123 45 67", ["medical_history"] = "1998: appendectomy. 2015: hypertension.",
    };

    private static double Median(List<Figures> rounds, Func<Figures, double> figure) =>
        rounds.Select(figure).Order().ElementAt(rounds.Count / 2);

    private sealed record Measured(long At, TimeSpan Took, bool Succeeded);

    private sealed record Figures(int Requests, int Errors, double P50, double P99)
    {
        public static Figures Of(IEnumerable<Measured> requests)
        {
            var all = requests.ToList();
            var took = all.Select(one => one.Took.TotalMilliseconds).Order().ToList();
            return took.Count == 0
                ? new Figures(0, 0, double.NaN, double.NaN)
                : new Figures(all.Count, all.Count(one => !one.Succeeded), took[took.Count / 2], took[took.Count * 99 / 100]);
        }
    }
}
