using System.Text.Json;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>What can be done with a sealed value on an entity, and what cannot.</summary>
internal sealed class PhiTests
{
    private Clinic clinic = null!;
    private TenantWork work = null!;

    private AppDbContext Db => work.Db;

    [OneTimeSetUp]
    public async Task OpenClinicAsync() => clinic = await App.NewClinicAsync();

    [SetUp]
    public void Begin() => work = TenantWork.Of(App.Api, clinic.Id);

    [TearDown]
    public ValueTask EndAsync() => work.DisposeAsync();

    [Test]
    public async Task A_value_of_each_type_comes_back_as_it_was()
    {
        var moment = new DateTimeOffset(2024, 2, 29, 23, 59, 59, TimeSpan.FromHours(2)).AddTicks(1);
        var id = await AddAsync(new SealedProbe
        {
            Code = NewCode(),
            Note = "Zoë 👩🏽‍⚕️",
            Day = new DateOnly(1875, 1, 1),
            Moment = moment,
            Blob = new byte[] { 0, 0x80, 0 },
            Kind = ProbeKind.Strange,
        });

        var probe = await Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        Assert.Multiple(() =>
        {
            Assert.That(probe.Note!.Reveal(), Is.EqualTo("Zoë 👩🏽‍⚕️"));
            Assert.That(probe.Day!.Reveal(), Is.EqualTo(new DateOnly(1875, 1, 1)));
            Assert.That(probe.Moment!.Reveal(), Is.EqualTo(moment).And.Property("Offset").EqualTo(TimeSpan.Zero));
            Assert.That(probe.Blob!.Reveal(), Is.EqualTo(new byte[] { 0, 0x80, 0 }));
            Assert.That(probe.Kind!.Reveal(), Is.EqualTo(ProbeKind.Strange));
        });
    }

    [Test]
    public async Task Null_stays_null_and_an_empty_text_is_sealed()
    {
        var id = await AddAsync(new SealedProbe { Code = NewCode(), Note = "", Blob = null });

        Assert.That(await RawAsync<bool>("note IS NOT NULL AND blob IS NULL AND length(note) > 20", id), Is.True);
        var probe = await Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        Assert.That(probe.Blob, Is.Null);
        Assert.That(probe.Note!.Reveal(), Is.Empty);
    }

    [Test]
    public async Task Kinds_have_one_length_in_the_table()
    {
        var one = await AddAsync(new SealedProbe { Code = NewCode(), Kind = ProbeKind.Plain });
        var other = await AddAsync(new SealedProbe { Code = NewCode(), Kind = ProbeKind.Strange });

        Assert.That(await RawAsync<int>("length(kind)", one), Is.EqualTo(await RawAsync<int>("length(kind)", other)));
    }

    [Test]
    public async Task Without_Reveal_nothing_tells_the_value()
    {
        SealedProbe fresh = new() { Code = NewCode(), Note = "Lindqvist" };
        var id = await AddAsync(fresh);
        var probe = await Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        foreach (var note in new[] { fresh.Note!, probe.Note! })
        {
            Assert.That($"{note}", Is.EqualTo("***"));
            Assert.That(() => JsonSerializer.Serialize(note), Throws.InstanceOf<NotSupportedException>());
            Assert.That(() => JsonSerializer.Serialize(new { note }), Throws.InstanceOf<NotSupportedException>());
            Assert.That(note.GetType().GetProperties(), Is.Empty, "what a logger would walk through");
            Assert.That(note.GetType().GetFields(), Is.Empty);
        }
    }

    [Test]
    public async Task A_projection_gives_the_sealed_value_which_does_not_open()
    {
        var id = await AddAsync(new SealedProbe { Code = NewCode(), Note = "Lindqvist" });

        var note = await Db.Set<SealedProbe>().Where(p => p.Id == id).Select(p => p.Note).SingleAsync();
        Assert.That(() => note!.Reveal(), Throws.InvalidOperationException.With.Message.Contains("load the entity"));
    }

    [Test]
    public void A_condition_on_a_sealed_value_is_refused()
    {
        Phi<string> wanted = "Lindqvist";
        Assert.That(
            () => Db.Set<SealedProbe>().Where(p => p.Note == wanted).ToListAsync(),
            Throws.InvalidOperationException.With.Message.Contains("not sealed"));
        Assert.That(
            () => Db.Set<SealedProbe>().Where(p => p.Note == (Phi<string>)"Lindqvist").ToListAsync(),
            Throws.InvalidOperationException);
    }

    [Test]
    public void An_order_by_ciphertext_is_refused()
    {
        var probes = Db.Set<SealedProbe>();
        Assert.Multiple(() =>
        {
            Assert.That(() => probes.OrderBy(p => p.Note).ToListAsync(), Throws.InvalidOperationException);
            Assert.That(() => probes.OrderBy(p => p.Id).ThenByDescending(p => p.Day).ToListAsync(), Throws.InvalidOperationException);
            Assert.That(() => probes.GroupBy(p => p.Kind).Select(g => g.Count()).ToListAsync(), Throws.InvalidOperationException);
            Assert.That(() => probes.Select(p => p.Code).Distinct().CountAsync(), Throws.InvalidOperationException);
            Assert.That(() => probes.MaxAsync(p => p.Day), Throws.InvalidOperationException);
        });
    }

    [Test]
    public void A_bulk_change_of_rows_that_nobody_names_is_refused()
    {
        Phi<string> wanted = "Lindqvist";
        foreach (var change in new Func<Task<int>>[]
        {
            () => Db.Set<SealedProbe>().ExecuteUpdateAsync(set => set.SetProperty(p => p.Note, wanted)),
            () => Db.Set<SealedProbe>().ExecuteUpdateAsync(set => set.SetProperty(p => p.Label, "all")),
            () => Db.Set<SealedProbe>().Where(p => p.Label == null).ExecuteDeleteAsync(),
        })
        {
            Assert.That(change, Throws.InvalidOperationException.With.Message.Contains("audit trail"));
        }
    }

    [Test]
    public void Saving_synchronously_is_refused()
    {
        Db.Add(new SealedProbe { Code = NewCode() });
        Assert.That(() => Db.SaveChanges(), Throws.InstanceOf<NotSupportedException>());
    }

    [Test]
    public async Task Reading_or_writing_the_same_does_not_change_the_row()
    {
        var id = await AddAsync(new SealedProbe { Code = NewCode(), Note = "Lindqvist", Kind = ProbeKind.Plain });
        var probe = await Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        _ = probe.Note!.Reveal();
        probe.Note = "Lindqvist";
        probe.Kind = ProbeKind.Plain;

        Db.ChangeTracker.DetectChanges();
        Assert.That(Db.Entry(probe).State, Is.EqualTo(EntityState.Unchanged));

        probe.Note = "Lundqvist";
        Db.ChangeTracker.DetectChanges();
        Assert.That(
            Db.Entry(probe).Properties.Where(p => p.IsModified).Select(p => p.Metadata.Name),
            Is.EqualTo(new[] { nameof(SealedProbe.Note) }));
    }

    [Test]
    public async Task What_is_not_changed_keeps_its_ciphertext()
    {
        var id = await AddAsync(new SealedProbe { Code = NewCode(), Note = "Lindqvist", Day = new DateOnly(2000, 1, 1) });
        var before = await RawAsync<byte[]>("day", id);
        var note = await RawAsync<byte[]>("note", id);
        var probe = await Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        probe.Note = "Lundqvist";
        await Db.SaveChangesAsync();

        Assert.That(await RawAsync<byte[]>("day", id), Is.EqualTo(before));
        Assert.That(await RawAsync<byte[]>("note", id), Is.Not.EqualTo(note));
        Assert.That(probe.Note!.Reveal(), Is.EqualTo("Lundqvist"), "after saving");
    }

    [Test]
    public async Task A_value_taken_from_another_row_is_sealed_anew()
    {
        var first = await AddAsync(new SealedProbe { Code = NewCode(), Note = "Lindqvist" });
        var other = await Db.Set<SealedProbe>().SingleAsync(p => p.Id == first);
        var second = new SealedProbe { Code = NewCode(), Note = other.Note };
        Db.Add(second);
        await Db.SaveChangesAsync();

        Assert.That(await RawAsync<byte[]>("note", second.Id), Is.Not.EqualTo(await RawAsync<byte[]>("note", first)));
        await using var later = TenantWork.Of(App.Api, clinic.Id);
        var read = await later.Db.Set<SealedProbe>().AsNoTracking().SingleAsync(p => p.Id == second.Id);
        Assert.That(read.Note!.Reveal(), Is.EqualTo("Lindqvist"));
        Assert.That(other.Note!.Reveal(), Is.EqualTo("Lindqvist"));
    }

    [Test]
    public async Task Rows_of_one_subject_are_under_one_key()
    {
        var id = await AddAsync(new SealedProbe { Code = NewCode() });
        await using (var writing = TenantWork.Of(App.Api, clinic.Id))
        {
            writing.Db.Add(new SealedNote { ProbeId = id, Text = "first" });
            writing.Db.Add(new SealedNote { ProbeId = id, Text = "second" });
            await writing.Db.SaveChangesAsync();
        }

        var notes = await Db.Set<SealedNote>().Where(n => n.ProbeId == id).ToListAsync();
        var probe = await Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        Assert.That(notes.Select(n => n.Text.Reveal()), Is.EquivalentTo(new[] { "first", "second" }));
        Assert.That(notes.Select(n => n.SubjectKeyId).Distinct(), Is.EqualTo(new[] { probe.SubjectKeyId }));
    }

    [Test]
    public async Task Revealing_marks_the_row_and_loading_it_does_not()
    {
        var read = await AddAsync(new SealedProbe { Code = NewCode(), Note = "Lindqvist" });
        var unread = await AddAsync(new SealedProbe { Code = NewCode(), Note = "Lundqvist" });
        var probes = await Db.Set<SealedProbe>().Where(p => p.Id == read || p.Id == unread).ToListAsync();
        _ = probes.Single(p => p.Id == read).Note!.Reveal();
        _ = probes.Single(p => p.Id == read).Code.Reveal();

        Assert.That(Db.Keys!.Revealed.Select(row => (row.Table.Number, row.Entity.Id)), Is.EqualTo(new[] { (9001, read) }));
    }

    [Test]
    public async Task After_its_unit_of_work_a_value_does_not_open()
    {
        var id = await AddAsync(new SealedProbe { Code = NewCode(), Note = "Lindqvist", Kind = ProbeKind.Plain });
        var ended = TenantWork.Of(App.Api, clinic.Id);
        var probe = await ended.Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        _ = probe.Note!.Reveal();
        await ended.DisposeAsync();

        Assert.That(() => probe.Note!.Reveal(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => probe.Kind!.Reveal(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Pooled_contexts_of_two_tenants_have_the_right_keys_each_time()
    {
        var other = await App.NewClinicAsync();
        (Clinic Clinic, Guid Id, string Note)[] rows =
        [
            (clinic, await AddAsync(new SealedProbe { Code = NewCode(), Note = "here" }), "here"),
            (other, await AddAsync(new SealedProbe { Code = NewCode(), Note = "there" }, other), "there"),
        ];

        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, ct) =>
        {
            var (of, id, note) = rows[i % 2];
            await using var unit = TenantWork.Of(App.Api, of.Id);
            var probe = await unit.Db.Set<SealedProbe>().AsNoTracking().SingleAsync(p => p.Id == id, ct);
            Assert.That(probe.Note!.Reveal(), Is.EqualTo(note));
        });
    }

    [Test]
    public async Task A_unit_of_work_that_failed_to_save_can_save_again()
    {
        var taken = NewCode();
        await AddAsync(new SealedProbe { Code = taken });
        var probe = new SealedProbe { Code = taken, Note = "Lindqvist" };
        Db.Add(probe);
        Assert.That(await Db.TrySaveUniqueAsync(CancellationToken.None), Is.False);

        probe.Code = NewCode();
        await Db.SaveChangesAsync();
        Assert.That(await RawAsync<bool>("code_index_a IS NOT NULL", probe.Id), Is.True);
    }

    private static string NewCode() => $"code-{Guid.CreateVersion7():N}";

    private async Task<Guid> AddAsync(SealedProbe probe, Clinic? at = null)
    {
        await using var writing = TenantWork.Of(App.Api, (at ?? clinic).Id);
        writing.Db.Add(probe);
        await writing.Db.SaveChangesAsync();
        return probe.Id;
    }

    private static async Task<T> RawAsync<T>(string expression, Guid id)
    {
        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        return await superuser.ScalarAsync<T>($"SELECT {expression} FROM app.sealed_probes WHERE id = '{id}'");
    }
}
