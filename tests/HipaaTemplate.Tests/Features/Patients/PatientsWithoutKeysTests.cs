using System.Diagnostics;
using System.Net;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>What a caller is told while the key service does not give the keys of its tenant out.</summary>
internal sealed class PatientsWithoutKeysTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    private KeyStage stage = null!;
    private Clinic clinic = null!;
    private Stored patient = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => stage = await KeyStage.StartAsync();

    [SetUp]
    public async Task AdmitAsync() => (clinic, patient) = await NewPatientAsync();

    [TearDown]
    public void EndOutage() => stage.EndOutage();

    [OneTimeTearDown]
    public ValueTask StopAsync() => stage.DisposeAsync();

    [TestCase("ThrottlingException")]
    [TestCase("status_500")]
    [TestCase(KeyStage.Hanging)]
    public async Task Ten_minutes_of_it_cost_no_read_where_keys_are_at_hand(string how)
    {
        Assert.That((await GetAsync()).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        stage.Time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(10));
        stage.BeginOutage(how);

        List<HttpStatusCode> answers = [];
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromMinutes(10); passed += TimeSpan.FromSeconds(20))
        {
            answers.Add((await GetAsync()).StatusCode);
            stage.Time.Advance(TimeSpan.FromSeconds(20));
        }

        Assert.That(answers, Has.Count.EqualTo(30).And.All.EqualTo(HttpStatusCode.OK));
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.GreaterThan(1), "it was asked again");
    }

    [TestCase("ThrottlingException")]
    [TestCase("status_500")]
    [TestCase(KeyStage.Hanging)]
    public async Task Where_they_are_not_at_hand_everybody_is_told_within_a_second(string how)
    {
        Assert.That(TenantKeyRings.Patience, Is.EqualTo(TimeSpan.FromMilliseconds(900)));
        // The node itself is warm: what is measured is the keys.
        var (other, others) = await NewPatientAsync();
        (await GetAsync(other, others)).EnsureSuccessStatusCode();
        stage.BeginOutage(how);

        var clock = Stopwatch.StartNew();
        await ShouldBeAsync(await GetAsync(), ProtectionErrors.Unavailable, "5");
        var alone = clock.Elapsed;
        clock.Restart();
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => GetAsync()));
        var together = clock.Elapsed;
        foreach (var answer in answers)
        {
            await ShouldBeAsync(answer, ProtectionErrors.Unavailable, "5");
        }

        await TestContext.Progress.WriteLineAsync(
            $"{how}: one is told after {alone.TotalMilliseconds:F0} ms, 16 at once after {together.TotalMilliseconds:F0} ms");
        Assert.That(alone, Is.LessThan(Bound));
        Assert.That(together, Is.LessThan(Bound));
        (await GetAsync(other, others)).EnsureSuccessStatusCode();
    }

    [Test]
    public async Task A_key_that_is_disabled_is_said_to_be_refused()
    {
        (await GetAsync()).EnsureSuccessStatusCode();
        stage.Refuse();
        stage.Time.Advance(TimeSpan.FromMinutes(5));

        await ShouldBeAsync(await GetAsync(), ProtectionErrors.Refused, "60");
        await ShouldBeAsync(await GetAsync(), ProtectionErrors.Refused, "60");
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(2));
    }

    [Test]
    public async Task A_key_that_has_sealed_all_it_may_seals_nothing_more_and_still_opens()
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        await dba.CountKeyUseAsync(clinic.Id, KeyBudget.Limit);
        using var doctor = stage.As(clinic.Doctor);

        await ShouldBeAsync(await doctor.PostPatientAsync(PatientCalls.Minimal()), ProtectionErrors.UsedUp, "60");
        (await GetAsync()).EnsureSuccessStatusCode();
        Assert.That(await clinic.CountPatientsAsync(), Is.EqualTo(1));
    }

    private static async Task<(Clinic Clinic, Stored Patient)> NewPatientAsync()
    {
        var made = await App.NewClinicAsync();
        using var doctor = App.As(made.Doctor);
        return (made, await doctor.CreatePatientAsync());
    }

    private static async Task ShouldBeAsync(HttpResponseMessage answer, Error error, string retryAfter)
    {
        await answer.ShouldBeAsync(error);
        Assert.That(answer.Headers.RetryAfter?.ToString(), Is.EqualTo(retryAfter));
    }

    private Task<HttpResponseMessage> GetAsync() => GetAsync(clinic, patient);

    private async Task<HttpResponseMessage> GetAsync(Clinic at, Stored whom)
    {
        using var doctor = stage.As(at.Doctor);
        return await doctor.GetAsync(whom.Path);
    }
}
