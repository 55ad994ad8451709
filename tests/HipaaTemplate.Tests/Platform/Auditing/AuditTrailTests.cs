using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>Events of many requests in one commit: none is lost, doubled, or stored with another tenant's.</summary>
[Hipaa(Citations.AuditControls)]
internal sealed class AuditTrailTests
{
    private const int EventsOfEach = 200;

    private AuditTrail trail = null!;

    [OneTimeSetUp]
    public void Start()
    {
        trail = App.Api.Services.GetRequiredService<AuditTrail>();
    }

    [Test]
    public async Task Events_of_several_tenants_at_once_are_each_in_its_log()
    {
        var clinics = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => App.NewClinicAsync()));
        foreach (var clinic in clinics)
        {
            // Makes the tenant's key.
            await WriteAsync(clinic.Id);
        }

        await Task.WhenAll(clinics.SelectMany(clinic => Enumerable.Range(0, EventsOfEach).Select(_ => WriteAsync(clinic.Id))));

        foreach (var clinic in clinics)
        {
            var events = (await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id)).Select(stamped => stamped.Entry).ToList();
            Assert.That(events.Select(entry => entry.Number).Order(), Is.EqualTo(Enumerable.Range(0, EventsOfEach + 1)));
            Assert.That(events.Select(entry => entry.Writer).Distinct().Count(), Is.EqualTo(1));
            Assert.That(events.SelectMany(entry => entry.Void), Is.Empty);
        }
    }

    [Test]
    public async Task One_that_cannot_be_stored_does_not_take_the_others_with_it()
    {
        var clinic = await App.NewClinicAsync();
        // The table refuses who touches a patient's data without a name.
        var bad = await DraftAsync(clinic.Id, new AuditActor(AuditActorType.Unknown), [Guid.CreateVersion7()]);
        var good = Enumerable.Range(0, EventsOfEach).Select(_ => WriteAsync(clinic.Id)).ToList();
        var refused = trail.WriteAsync(bad, CancellationToken.None);
        good.AddRange(Enumerable.Range(0, EventsOfEach).Select(_ => WriteAsync(clinic.Id)));

        Assert.That(() => refused, Throws.InstanceOf<AuditUnavailableException>());
        await Task.WhenAll(good);
        var events = (await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id)).Select(stamped => stamped.Entry).ToList();
        Assert.That(events, Has.Count.EqualTo(2 * EventsOfEach));
        Assert.That(
            Enumerable.Range(0, (int)events.Max(entry => entry.Number)).Select(number => (long)number)
                .Except(events.Select(entry => entry.Number)).Except(events.SelectMany(entry => entry.Void)),
            Is.Empty, "no number is missing without a word");
    }

    [Test]
    public async Task What_nobody_waits_for_any_more_is_stored()
    {
        var clinic = await App.NewClinicAsync();
        var entry = await DraftAsync(clinic.Id, AuditActor.System("test"), []);
        Assert.That(() => trail.WriteAsync(entry, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

        await Eventually.IsTrueAsync(
            async () => (await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id)).Count == 1, "it is stored");
    }

    private async Task WriteAsync(TenantId tenant) =>
        await trail.WriteAsync(await DraftAsync(tenant, AuditActor.System("test"), [Guid.CreateVersion7()]), CancellationToken.None);

    private static async Task<AuditDraft> DraftAsync(TenantId tenant, AuditActor actor, IReadOnlyList<Guid> patients)
    {
        await using var work = TenantWork.Of(App.Api, tenant);
        var material = await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None);
        return AuditDraft.OfTenant(new AuditFacts(AuditAction.ReadRecords, AuditOutcome.Success, actor) { Patients = patients }, tenant, material);
    }
}
