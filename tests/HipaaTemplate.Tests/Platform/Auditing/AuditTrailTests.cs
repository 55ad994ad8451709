using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>Events of many requests in one commit: none is lost, doubled, or stored with another tenant's.</summary>
internal sealed class AuditTrailTests
{
    private const int EventsOfEach = 200;

    private AuditTrail trail = null!;
    private AuditStamp stamp = null!;
    private AuditNumbers numbers = null!;

    [OneTimeSetUp]
    public void Start()
    {
        trail = App.Api.Services.GetRequiredService<AuditTrail>();
        stamp = App.Api.Services.GetRequiredService<AuditStamp>();
        numbers = App.Api.Services.GetRequiredService<AuditNumbers>();
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
            Assert.That(events.Select(entry => entry.Writer).Distinct(), Is.EqualTo(new[] { numbers.Writer }));
        }
    }

    [Test]
    public async Task One_that_cannot_be_stored_does_not_take_the_others_with_it()
    {
        var clinic = await App.NewClinicAsync();
        // The table refuses who touches a patient's data without a name.
        var bad = await StampAsync(clinic.Id, new AuditActor(AuditActorType.Unknown), [Guid.CreateVersion7()]);
        var good = Enumerable.Range(0, EventsOfEach).Select(_ => WriteAsync(clinic.Id)).ToList();
        var refused = trail.WriteAsync(bad, CancellationToken.None);
        good.AddRange(Enumerable.Range(0, EventsOfEach).Select(_ => WriteAsync(clinic.Id)));

        Assert.That(() => refused, Throws.InstanceOf<AuditUnavailableException>());
        await Task.WhenAll(good);
        Assert.That(await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id), Has.Count.EqualTo(2 * EventsOfEach));
    }

    [Test]
    public async Task What_nobody_waits_for_any_more_is_stored()
    {
        var clinic = await App.NewClinicAsync();
        var entry = await StampAsync(clinic.Id, AuditActor.System("test"), []);
        Assert.That(() => trail.WriteAsync(entry, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());

        await Eventually.IsTrueAsync(
            async () => (await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id)).Count == 1, "it is stored");
    }

    [Test]
    public async Task An_event_that_is_there_already_is_stored()
    {
        var clinic = await App.NewClinicAsync();
        var entry = await StampAsync(clinic.Id, AuditActor.System("test"), []);
        await trail.WriteAsync(entry, CancellationToken.None);
        await trail.WriteAsync(entry, CancellationToken.None);

        Assert.That(await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id), Has.Count.EqualTo(1));
    }

    private async Task WriteAsync(TenantId tenant) =>
        await trail.WriteAsync(await StampAsync(tenant, AuditActor.System("test"), [Guid.CreateVersion7()]), CancellationToken.None);

    private async Task<StampedEntry> StampAsync(TenantId tenant, AuditActor actor, IReadOnlyList<Guid> patients)
    {
        await using var work = TenantWork.Of(App.Api, tenant);
        var material = await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None);
        return stamp.OfTenant(new AuditFacts(AuditAction.ReadRecords, AuditOutcome.Success, actor) { Patients = patients }, tenant, material);
    }
}
