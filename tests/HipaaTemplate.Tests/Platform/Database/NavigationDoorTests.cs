using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>Includes and navigations lead to the own tenant's rows, with either wall alone.</summary>
[TestFixture(true, false)]
[TestFixture(false, true)]
internal sealed class NavigationDoorTests(bool withFilter, bool withPolicies)
{
    private ApiHost api = null!;
    private TwoClinics clinics = null!;
    private Guid ownNote;
    private Guid otherNote;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await Walls.NewApiAsync(withFilter, withPolicies);
        clinics = await TwoClinics.StoreAsync(api);
        // The other tenant has a row of the same id too: only the tenant tells the two apart.
        await using (var theirs = TenantWork.Of(api, clinics.Other.Id))
        {
            theirs.Db.Add(new Probe { Id = clinics.OwnRow, Text = "namesake" });
            await theirs.Db.SaveChangesAsync();
        }

        ownNote = await StoreNoteAsync(clinics.Own, clinics.OwnRow);
        otherNote = await StoreNoteAsync(clinics.Other, clinics.OwnRow);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => api.DisposeAsync();

    [Test]
    public Task Including_the_many() => ShouldSeeOwnAsync(async db =>
        (await db.Set<Probe>().Include(probe => probe.Notes).ToListAsync()).SelectMany(probe => probe.Notes));

    [Test]
    public Task Including_the_many_in_a_second_query() => ShouldSeeOwnAsync(async db =>
        (await db.Set<Probe>().Include(probe => probe.Notes).AsSplitQuery().ToListAsync()).SelectMany(probe => probe.Notes));

    [Test]
    public Task Including_some_of_the_many_whatever_their_other_filters() => ShouldSeeOwnAsync(async db =>
        (await db.Set<Probe>().Include(probe => probe.Notes.Where(note => note.Text != null).OrderBy(note => note.Id))
            .IgnoreQueryFilters([Filters.SoftDelete]).AsNoTracking().ToListAsync()).SelectMany(probe => probe.Notes));

    [Test]
    public async Task Including_the_one()
    {
        await using var work = TenantWork.Of(api, clinics.Own.Id);
        var note = await work.Db.Set<ProbeNote>().Include(n => n.Probe).SingleAsync();
        Assert.That(note.Probe!.TenantId, Is.EqualTo(clinics.Own.Id));
    }

    [Test]
    public async Task Projecting_through_navigations()
    {
        await using var work = TenantWork.Of(api, clinics.Own.Id);
        Assert.That(await work.Db.Set<ProbeNote>().Select(note => note.Probe!.Text).ToListAsync(), Is.EqualTo(new[] { $"{clinics.Own.Id}" }));
        Assert.That(await work.Db.Set<Probe>().Select(probe => probe.Notes.Count).ToListAsync(), Is.EqualTo(new[] { 1 }));
        Assert.That(
            await work.Db.Set<Probe>().SelectMany(probe => probe.Notes).Select(note => note.Id).ToListAsync(), Is.EqualTo(new[] { ownNote }));
        Assert.That(
            await work.Db.Set<Probe>().Where(probe => probe.Notes.Any(note => note.Id == otherNote)).CountAsync(), Is.Zero);
    }

    [Test]
    public async Task Loading_a_navigation_later()
    {
        await using var work = TenantWork.Of(api, clinics.Own.Id);
        var probe = await work.Db.Set<Probe>().SingleAsync();
        await work.Db.Entry(probe).Collection(p => p.Notes).LoadAsync();
        Assert.That(probe.Notes.Select(note => note.Id), Is.EqualTo(new[] { ownNote }));
        Assert.That(await work.Db.Entry(probe).Collection(p => p.Notes).Query().CountAsync(), Is.EqualTo(1));
    }

    /// <summary>Fix-up joins tracked rows by their keys, and the key holds the tenant.</summary>
    [Test]
    public async Task A_tracked_row_of_another_tenant_is_attached_to_nothing()
    {
        await using var work = TenantWork.Of(api, clinics.Own.Id);
        var foreign = work.Db.Entry(new ProbeNote { Id = Guid.CreateVersion7(), ProbeId = clinics.OwnRow });
        foreign.Property(note => note.TenantId).CurrentValue = clinics.Other.Id;
        foreign.State = EntityState.Unchanged;
        var probe = await work.Db.Set<Probe>().SingleAsync();
        Assert.That(probe.Notes, Is.Empty);
        Assert.That(foreign.Entity.Probe, Is.Null);
    }

    [Test]
    public async Task A_child_is_stored_with_its_parents_tenant()
    {
        await using var work = TenantWork.Of(api, clinics.Own.Id);
        var probe = new Probe { Id = Guid.CreateVersion7(), Text = $"{Guid.CreateVersion7()}" };
        probe.Notes.Add(new ProbeNote { Id = Guid.CreateVersion7() });
        work.Db.Add(probe);
        await work.Db.SaveChangesAsync();
        Assert.That(probe.Notes[0].TenantId, Is.EqualTo(clinics.Own.Id));
        work.Db.RemoveRange(probe.Notes[0], probe);
        await work.Db.SaveChangesAsync();
    }

    private async Task ShouldSeeOwnAsync(Func<AppDbContext, Task<IEnumerable<ProbeNote>>> read)
    {
        await using var work = TenantWork.Of(api, clinics.Own.Id);
        Assert.That((await read(work.Db)).Select(note => note.Id), Is.EqualTo(new[] { ownNote }));
    }

    private async Task<Guid> StoreNoteAsync(Clinic clinic, Guid probeId)
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        var note = new ProbeNote { Id = Guid.CreateVersion7(), ProbeId = probeId, Text = $"{clinic.Id}" };
        work.Db.Add(note);
        await work.Db.SaveChangesAsync();
        return note.Id;
    }
}
