using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>An older backup brings the keys back; the certificates take them away again.</summary>
[Hipaa(Citations.Media)]
internal sealed class RestoreTests
{
    private ErasureStage stage = null!;
    private Clinic clinic = null!;
    private SealedProbe probe = null!;

    [OneTimeSetUp]
    public async Task OpenAsync() => stage = await ErasureStage.OpenAsync();

    [OneTimeTearDown]
    public ValueTask CloseAsync() => stage.DisposeAsync();

    [SetUp]
    public async Task BeginAsync()
    {
        clinic = await App.NewClinicAsync(stage.Api);
        probe = await stage.AddAsync(clinic);
    }

    [Test]
    public async Task A_patient_that_a_backup_brought_back_goes_again_as_often_as_one_likes()
    {
        var other = await stage.AddAsync(clinic);
        await using var backup = await BackUpAsync(stage, clinic);
        var file = await stage.ErasePatientAsync(clinic, probe.Id);
        await backup.RestoreAsync();
        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Is.EqualTo("Lindqvist"), "the backup has it");

        for (var i = 0; i < 2; i++)
        {
            Assert.That(await stage.KeysAsync("erase", "--certificate", file), Is.Zero);
            Assert.That(() => ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Throws.InstanceOf<PhiErasedException>());
            Assert.That(() => ErasureStage.TextAboutAsync(stage.Other, clinic, probe.Id), Throws.InstanceOf<PhiErasedException>());
            Assert.That(await stage.RawAsync<bool>("app.sealed_probes", "code_index_a IS NULL AND note_day_index_a IS NULL", probe.Id), Is.True);
            Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, other.Id), Is.EqualTo("Lindqvist"));
        }
    }

    [Test]
    public async Task A_tenant_that_a_backup_brought_back_goes_again()
    {
        await using var backup = await BackUpAsync(stage, clinic);
        var file = await stage.EraseTenantAsync(clinic);
        await backup.RestoreAsync();
        await using (var restored = new ApiHost(stage.Url, App.Issuer))
        {
            Assert.That(await ErasureStage.NoteOfAsync(restored, clinic, probe.Id), Is.EqualTo("Lindqvist"), "the backup has it");
        }

        Assert.That(await stage.KeysAsync("erase", "--certificate", file), Is.Zero);
        await using var later = new ApiHost(stage.Url, App.Issuer);
        Assert.That(() => ErasureStage.NoteOfAsync(later, clinic, probe.Id), Throws.InstanceOf<PhiErasedException>());
        Assert.That(await stage.CountAsync("keys.tenant_keys", clinic.Id, "wrapped IS NOT NULL"), Is.Zero);
    }

    /// <summary>Its certificate names the keys that were destroyed, and no others.</summary>
    [Test]
    public async Task What_a_tenant_has_since_it_began_anew_is_left_alone()
    {
        var file = await stage.EraseTenantAsync(clinic);
        await stage.Api.RunAsync("tenants", "resume", clinic.Slug);
        await using var fresh = new ApiHost(stage.Url, App.Issuer);
        var since = await stage.AddAsync(clinic, fresh);

        Assert.That(await stage.KeysAsync("erase", "--certificate", file), Is.Zero);
        Assert.That(await ErasureStage.NoteOfAsync(fresh, clinic, since.Id), Is.EqualTo("Lindqvist"));
    }

    /// <summary>The backup may be older than the key that signed: then the public key that was kept is needed.</summary>
    [Test]
    public async Task Without_the_signing_key_in_the_database_the_public_key_does()
    {
        var file = await stage.ErasePatientAsync(clinic, probe.Id);
        var pem = stage.Write((await stage.RunAsync("keys", "certificate", "public-key")).Output);
        await using var older = await ErasureStage.OpenAsync();
        await older.Api.RunAsync("tenants", "add", clinic.Slug, "A clinic", "--id", clinic.Id.ToString());
        var copied = await older.AddAsync(clinic);
        await older.Dba.ExecuteAsync($"UPDATE app.sealed_probes SET id = id WHERE id = '{copied.Id}'");

        var unknown = await older.RunAsync("keys", "erase", "--certificate", file);
        Assert.That((unknown.ExitCode, unknown.Errors), Is.EqualTo((2, unknown.Errors)));
        Assert.That(unknown.Errors, Does.Contain("--public-key"));
        Assert.That(await older.KeysAsync("erase", "--certificate", file, "--public-key", pem), Is.Zero);
        Assert.That(await ErasureStage.NoteOfAsync(older.Api, clinic, copied.Id), Is.EqualTo("Lindqvist"), "another patient");
    }

    [Test]
    public async Task A_database_that_never_knew_the_tenant_has_nothing_to_erase()
    {
        var file = await stage.ErasePatientAsync(clinic, probe.Id);
        var pem = stage.Write((await stage.RunAsync("keys", "certificate", "public-key")).Output);
        await using var older = await ErasureStage.OpenAsync();
        Assert.That(await older.KeysAsync("erase", "--certificate", file, "--public-key", pem), Is.Zero);
    }

    internal static async Task<Backup> BackUpAsync(ErasureStage stage, Clinic clinic)
    {
        await stage.Dba.ExecuteAsync("""
            CREATE TABLE backup_tenant_keys AS TABLE keys.tenant_keys;
            CREATE TABLE backup_subject_keys AS TABLE keys.subject_keys;
            CREATE TABLE backup_probes AS TABLE app.sealed_probes;
            """);
        return new Backup(stage, clinic);
    }

    /// <summary>One tenant's keys and hashes as they were.</summary>
    internal sealed class Backup(ErasureStage stage, Clinic clinic) : IAsyncDisposable
    {
        public Task RestoreAsync() => stage.Dba.ExecuteAsync($"""
            UPDATE keys.tenant_keys k SET wrapped = b.wrapped, destroyed_at = NULL
                FROM backup_tenant_keys b WHERE b.tenant_id = k.tenant_id AND b.id = k.id AND k.tenant_id = '{clinic.Id}';
            UPDATE keys.subject_keys k SET wrapped = b.wrapped, destroyed_at = NULL
                FROM backup_subject_keys b WHERE b.tenant_id = k.tenant_id AND b.id = k.id AND k.tenant_id = '{clinic.Id}';
            UPDATE app.sealed_probes p SET code_index_a = b.code_index_a, note_day_index_a = b.note_day_index_a
                FROM backup_probes b WHERE b.tenant_id = p.tenant_id AND b.id = p.id AND p.tenant_id = '{clinic.Id}';
            """);

        public async ValueTask DisposeAsync() =>
            await stage.Dba.ExecuteAsync("DROP TABLE backup_tenant_keys, backup_subject_keys, backup_probes");
    }
}
