using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Compliance;

namespace HipaaTemplate.Tests.Platform.Protection.Keys;

/// <summary>Who gets a key out of the key service is in the trail before the key is used.</summary>
[Hipaa(Citations.AuditControls)]
internal sealed class KeyEventTests
{
    private KeyStage stage = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => stage = await KeyStage.StartAsync();

    [OneTimeTearDown]
    public ValueTask StopAsync() => stage.DisposeAsync();

    [Test]
    public async Task Keys_that_a_node_gets_are_one_event_however_many_ask_for_them_until_it_has_to_get_them_again()
    {
        var (clinic, id) = await KeyStage.NewRecordAsync();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => stage.ShouldReadAsync(clinic, id))));
        await stage.ShouldReadAsync(clinic, id);
        Assert.That((await EventsAsync(clinic.Id, AuditAction.UseKey)).ConvertAll(entry => (entry.ActorType, entry.Actor, entry.Detail)),
            Is.EqualTo(new[] { ("system", "api", "versions=1") }));

        stage.Time.Advance(TimeSpan.FromMinutes(5));
        await stage.ShouldReadAsync(clinic, id);
        Assert.That(await EventsAsync(clinic.Id, AuditAction.UseKey), Has.Count.EqualTo(2));
        Assert.That(stage.Provider.CallsFor(clinic.Id), Is.EqualTo(2));
    }

    /// <summary>One version for the whole tenant, made in the transaction that its event is in, under itself.</summary>
    [Test]
    public async Task A_first_key_is_one_event_with_its_mac_under_that_key()
    {
        var clinic = await App.NewClinicAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => stage.WriteAsync(clinic.Id))));

        var made = (await TrailReader.AllEventsAsync(App.DatabaseUrl, clinic.Id)).Single(stamped => stamped.Entry.Action == AuditAction.MakeKey.Word());
        Assert.That((made.Entry.Detail, made.Entry.KeyVersion), Is.EqualTo(("version=1 class=general provider=local", 1)));
        Assert.That(await MacAsync(clinic.Id, made.Entry), Is.EqualTo(made.Mac));
        Assert.That(await EventsAsync(clinic.Id, AuditAction.UseKey), Has.Count.AtMost(1), "who came while it was made may have asked for it, once for all");
    }

    [Test]
    [NonParallelizable]
    public async Task Without_the_event_there_is_no_key()
    {
        var (api, url) = await App.NewApiAsync();
        await using var first = api;
        var clinic = await App.NewClinicAsync(api);
        var other = await App.NewClinicAsync(api);
        var id = await KeyStage.WriteAsync(api, clinic.Id);
        await using var node = new ApiHost(url, App.Issuer);
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await dba.ExecuteAsync($"ALTER TABLE {AuditTables.Events} ADD CONSTRAINT nothing CHECK (action NOT IN ('use_key', 'make_key')) NOT VALID");

        Assert.That(() => KeyStage.ReadAsync(node, clinic.Id, id), Throws.InstanceOf<KeysUnavailableException>());
        Assert.That(() => KeyStage.WriteAsync(node, other.Id), Throws.InstanceOf<KeysUnavailableException>());
        Assert.That(await dba.ScalarAsync<long>($"SELECT count(*) FROM keys.tenant_keys WHERE tenant_id = '{other.Id}'"), Is.Zero);
    }

    /// <summary>As a verifier checks it.</summary>
    private async Task<byte[]> MacAsync(TenantId tenant, AuditEntry entry)
    {
        await using var work = TenantWork.Of(stage.Api, tenant);
        await work.Db.Keys!.PrepareAsync(CancellationToken.None);
        var (auditKey, monthKey) = (new byte[SecretKey.Length], new byte[SecretKey.Length]);
        work.Db.Keys.Ring.Versions.Single().DeriveAuditKey(auditKey);
        AuditEncoding.DeriveMonthKey(auditKey, entry.At, monthKey);
        return HMACSHA256.HashData(monthKey, AuditEncoding.Encode(entry));
    }

    private static async Task<List<AuditEntry>> EventsAsync(TenantId tenant, AuditAction action) =>
        [.. (await TrailReader.AllEventsAsync(App.DatabaseUrl, tenant)).Select(stamped => stamped.Entry).Where(entry => entry.Action == action.Word())];
}
