using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Authentication.Keys;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>Keys that change, and key ids that nobody ever had, while many requests are under way.</summary>
internal sealed class IssuerLoadTests
{
    private const int Connections = 64;
    private TestIssuer issuer = null!;
    private ApiHost api = null!;
    private Clinic clinic = null!;

    [SetUp]
    public async Task StartAsync()
    {
        issuer = await TestIssuer.StartAsync();
        clinic = await App.NewClinicAsync();
        api = new ApiHost(App.DatabaseUrl, issuer, null, services => services.WithoutLog());
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await issuer.DisposeAsync();
    }

    /// <summary>Each rotation publishes a key and withdraws the one before the last: tokens are signed by the newest.</summary>
    [Test]
    public async Task Twelve_rotations_in_a_minute_under_64_connections_refuse_nobody_and_cause_one_fetch_each()
    {
        var rotations = 0;
        var signer = Rotate("key-0", []);
        using var stop = new CancellationTokenSource();
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        var workers = Enumerable.Range(0, Connections).Select(_ => WorkAsync(() => signer, statuses, stop.Token)).ToList();

        using var clock = new PeriodicTimer(TimeSpan.FromSeconds(5));
        while (rotations < 12 && await clock.WaitForNextTickAsync())
        {
            rotations++;
            signer = Rotate($"key-{rotations}", [signer]);
        }

        // The last key is used for as long as the others were.
        await clock.WaitForNextTickAsync();
        await stop.CancelAsync();
        await Task.WhenAll(workers);

        await TestContext.Progress.WriteLineAsync(
            $"{rotations} rotations: {string.Join(", ", statuses.Select(s => $"{s.Value} × {(int)s.Key}"))}; {issuer.KeyFetches} fetches");
        Assert.Multiple(() =>
        {
            Assert.That(statuses.Keys, Is.EqualTo(new[] { HttpStatusCode.OK }));
            Assert.That(issuer.KeyFetches, Is.InRange(rotations, rotations + 1));
        });
    }

    [Test]
    public async Task Ten_thousand_invented_key_ids_cause_one_fetch_and_disturb_nobody()
    {
        using var client = api.Anonymous();
        await SendAsync(client, issuer.NewToken(clinic.Doctor).Sign());
        var before = issuer.KeyFetches;
        using var stop = new CancellationTokenSource();
        var statuses = new ConcurrentDictionary<HttpStatusCode, int>();
        var worker = WorkAsync(() => new Signer("rsa", issuer.Rsa), statuses, stop.Token);
        // One signature for all: what is wrong with them is seen before it is looked at.
        var began = TimeProvider.System.GetTimestamp();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 10_000),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (number, _) => Assert.That(
                await SendAsync(client, issuer.NewToken(clinic.Doctor).WithHeader("kid", $"invented-{number}").Sign(_ => new byte[256])),
                Is.EqualTo(HttpStatusCode.Unauthorized)));
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        await stop.CancelAsync();
        await worker;

        await TestContext.Progress.WriteLineAsync($"10,000 invented key ids in {seconds:F1} s: {issuer.KeyFetches - before} fetches");
        Assert.Multiple(() =>
        {
            Assert.That(statuses.Keys, Is.EqualTo(new[] { HttpStatusCode.OK }));
            Assert.That(issuer.KeyFetches - before, Is.InRange(1, 1 + (int)(seconds / IssuerKeys.GapAfterMiss.TotalSeconds)));
        });
    }

    private Signer Rotate(string keyId, IEnumerable<Signer> kept)
    {
        var added = new Signer(keyId, RSA.Create(2048));
        // Published before it signs, as every issuer has to.
        issuer.Published = [.. kept.Prepend(added).Select(signer => TestIssuer.PublicKey(signer.Key, signer.KeyId))];
        return added;
    }

    /// <summary>A client that brings a token of its own each time, with a pause as between a person's clicks.</summary>
    private async Task WorkAsync(Func<Signer> signer, ConcurrentDictionary<HttpStatusCode, int> statuses, CancellationToken stop)
    {
        using var client = api.Anonymous();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!stop.IsCancellationRequested)
        {
            var (keyId, key) = signer();
            var status = await SendAsync(client, issuer.NewToken(clinic.Doctor).WithHeader("kid", keyId).SignBy(key));
            statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
            await pause.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task<HttpStatusCode> SendAsync(HttpClient client, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ProbeFeature.Path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    private sealed record Signer(string KeyId, RSA Key);
}
