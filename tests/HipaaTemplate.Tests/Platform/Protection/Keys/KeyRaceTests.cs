using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Platform.Protection.Keys;

/// <summary>Nodes share nothing but the database, and a tenant's first key may be made on two at once.</summary>
internal sealed class KeyRaceTests
{
    private static readonly Dictionary<string, string> ClassesApart = new() { ["KEY_IDS_BY_CLASS"] = "record=records" };

    [Test]
    public async Task Two_nodes_that_make_a_tenants_first_key_at_once_end_with_one()
    {
        await using var one = await KeyStage.StartAsync();
        await using var other = await KeyStage.StartAsync();
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        for (var round = 0; round < 5; round++)
        {
            var clinic = await App.NewClinicAsync();
            var ids = await Task.WhenAll(Enumerable.Range(0, 20)
                .Select(i => Task.Run(() => (i % 2 == 0 ? one : other).WriteAsync(clinic.Id))));

            Assert.That(
                await dba.ScalarAsync<long>($"SELECT count(*) FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}'"), Is.EqualTo(1));
            foreach (var id in ids)
            {
                await one.ShouldReadAsync(clinic, id);
                await other.ShouldReadAsync(clinic, id);
            }
        }
    }

    [Test]
    public async Task Kinds_of_data_with_keys_of_their_own_do_not_take_each_others_version()
    {
        await using var one = await KeyStage.StartAsync(ClassesApart);
        await using var other = await KeyStage.StartAsync(ClassesApart);
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        for (var round = 0; round < 5; round++)
        {
            var clinic = await App.NewClinicAsync();
            await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => (i % 4) switch
            {
                0 => one.WriteAsync(clinic.Id),
                1 => other.WriteAsync(clinic.Id),
                2 => WriteNoteAsync(one, clinic),
                _ => WriteNoteAsync(other, clinic),
            })));

            Assert.That(
                await dba.ColumnAsync<short>($"SELECT class FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}' ORDER BY class"),
                Is.EqualTo(new[] { (short)DataClass.General, (short)DataClass.Record }));
        }
    }

    /// <summary>No clock is the other's: the key that one has just made is not yet of the present for the other.</summary>
    [Test]
    public async Task A_node_whose_clock_is_behind_seals_with_the_key_that_another_has_just_made()
    {
        await using var ahead = await KeyStage.StartAsync();
        await using var behind = await KeyStage.StartAsync();
        ahead.Time.Advance(TimeSpan.FromSeconds(10));
        var clinic = await App.NewClinicAsync();
        await ahead.WriteAsync(clinic.Id);

        await ahead.ShouldReadAsync(clinic, await behind.WriteAsync(clinic.Id));
    }

    [Test]
    public async Task Two_who_write_the_first_row_of_a_subject_under_a_new_version_share_its_key()
    {
        await using var one = await KeyStage.StartAsync();
        await using var other = await KeyStage.StartAsync();
        var clinic = await App.NewClinicAsync();
        var subject = Guid.CreateVersion7();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(() => WriteNoteAsync(i % 2 == 0 ? one : other, clinic, subject))));

        await using var work = TenantWork.Of(one.Api, clinic.Id);
        var notes = await work.Db.Set<SealedNote>().Where(note => note.ProbeId == subject).ToListAsync();
        Assert.That(notes.ConvertAll(note => note.Text.Reveal()), Has.Count.EqualTo(20).And.All.EqualTo(KeyStage.Note));
        Assert.That(notes.Select(note => note.SubjectKeyId).Distinct().Count(), Is.EqualTo(1));
    }

    private static async Task<Guid> WriteNoteAsync(KeyStage at, Clinic clinic, Guid? subject = null)
    {
        SealedNote note = new() { ProbeId = subject ?? Guid.CreateVersion7(), Text = KeyStage.Note };
        await using var work = TenantWork.Of(at.Api, clinic.Id);
        work.Db.Add(note);
        await work.Db.SaveChangesAsync();
        return note.Id;
    }
}
