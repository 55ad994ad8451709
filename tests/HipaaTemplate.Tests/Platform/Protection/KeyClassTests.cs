using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>A kind of data may have a key of its own at the provider; it is then under other keys of the tenant too.</summary>
internal sealed class KeyClassTests
{
    [Test]
    public async Task A_kind_of_data_with_a_key_of_its_own_is_under_that_one()
    {
        var (api, url) = await App.NewApiAsync(new Dictionary<string, string>
        {
            ["KEY_ID"] = "shared",
            ["KEY_IDS_BY_CLASS"] = "record=records, message=messages",
        });
        await using var stop = api;
        var clinic = await App.NewClinicAsync(api);
        await using var work = TenantWork.Of(api, clinic.Id);
        SealedProbe record = new() { Code = "record-1", Note = "in the record" };
        work.Db.Add(record);
        await work.Db.SaveChangesAsync();
        // Of the second table nothing was said, so it shares. Its subject is not the first one's.
        SealedNote note = new() { ProbeId = Guid.CreateVersion7(), Text = "a note" };
        work.Db.Add(note);
        await work.Db.SaveChangesAsync();

        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        Assert.That(
            await dba.ColumnAsync<string>($"SELECT version || ' ' || class || ' ' || provider_key_id FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}' ORDER BY version"),
            Is.EqualTo(new[] { $"1 {(int)DataClass.Record} records", $"2 {(int)DataClass.General} shared" }));
        await using var later = TenantWork.Of(api, clinic.Id);
        Assert.That((await later.Db.Set<SealedProbe>().SingleAsync(p => p.Id == record.Id)).Note!.Reveal(), Is.EqualTo("in the record"));
        Assert.That((await later.Db.Set<SealedNote>().SingleAsync(n => n.Id == note.Id)).Text.Reveal(), Is.EqualTo("a note"));
    }

    [Test]
    public async Task What_was_sealed_before_its_kind_had_a_key_of_its_own_still_opens()
    {
        var (before, url) = await App.NewApiAsync();
        await using var stop = before;
        var clinic = await App.NewClinicAsync(before);
        SealedProbe record = new() { Code = "record-1", Note = "before" };
        await using (var work = TenantWork.Of(before, clinic.Id))
        {
            work.Db.Add(record);
            await work.Db.SaveChangesAsync();
        }

        await using var after = new ApiHost(url, App.Issuer, new Dictionary<string, string> { ["KEY_IDS_BY_CLASS"] = "record=records" });
        await using var later = TenantWork.Of(after, clinic.Id);
        var probe = await later.Db.Set<SealedProbe>().SingleAsync(p => p.Id == record.Id);
        Assert.That(probe.Note!.Reveal(), Is.EqualTo("before"));
        later.Db.Add(new SealedProbe { Code = "RECORD-1" });
        Assert.That(() => later.Db.SaveChangesAsync(), Throws.InstanceOf<DbUpdateException>(), "its number is still taken");
        later.Db.ChangeTracker.Clear();

        Assert.That(await after.RunAsync("keys", "reseal", "--tenant", clinic.Slug), Is.Zero);
        await using var moved = TenantWork.Of(after, clinic.Id);
        probe = await moved.Db.Set<SealedProbe>().SingleAsync(p => p.Id == record.Id);
        Assert.That((probe.SubjectKey!.KeyVersion, probe.Note!.Reveal()), Is.EqualTo((2, "before")));
    }
}
