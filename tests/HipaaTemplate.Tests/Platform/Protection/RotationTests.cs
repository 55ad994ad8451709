using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Rotation;
using HipaaTemplate.Platform.Protection.Search;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>A tenant's key is replaced while it is used; nothing is lost and nothing is left behind.</summary>
internal sealed class RotationTests
{
    /// <summary>So that what takes twenty minutes takes seconds.</summary>
    private static readonly Dictionary<string, string> Quick = new() { ["KEY_CACHE_SECONDS"] = "1" };

    private ApiHost api = null!;
    private string url = null!;
    private NpgsqlConnection dba = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, url) = await App.NewApiAsync(Quick);
        dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await dba.DisposeAsync();
        await api.DisposeAsync();
    }

    [Test]
    public async Task Everything_is_under_the_new_key_and_reads_as_before()
    {
        var clinic = await App.NewClinicAsync(api);
        var ids = await AddAsync(clinic, 250);
        var before = await RawAsync(clinic);

        Assert.That(await api.RunAsync("keys", "rotate", "--tenant", clinic.Slug), Is.Zero);

        Assert.That((await RawAsync(clinic)).Intersect(before), Is.Empty, "some ciphertext, or some hash, is still the former one");
        await ShouldBeRotatedAsync(clinic, version: 2);
        await ShouldBeReadableAsync(api, clinic, ids);

        // And again, back into the first columns of the blind indexes.
        Assert.That(await api.RunAsync("keys", "rotate", "--tenant", clinic.Slug), Is.Zero);
        await ShouldBeRotatedAsync(clinic, version: 3);
        await ShouldBeReadableAsync(api, clinic, ids);
    }

    [Test]
    public async Task A_value_of_the_former_version_in_its_own_cell_does_not_open()
    {
        var clinic = await App.NewClinicAsync(api);
        var id = (await AddAsync(clinic, 1))[0];
        var former = await dba.ScalarAsync<byte[]>($"SELECT note FROM app.sealed_probes WHERE id = '{id}'");
        Assert.That(await api.RunAsync("keys", "rotate", "--tenant", clinic.Slug), Is.Zero);

        await using (var replay = new NpgsqlCommand($"UPDATE app.sealed_probes SET note = @former WHERE id = '{id}'", dba))
        {
            replay.Parameters.AddWithValue("former", former);
            await replay.ExecuteNonQueryAsync();
        }

        await using var work = TenantWork.Of(api, clinic.Id);
        var probe = await work.Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        Assert.That(() => probe.Note!.Reveal(), Throws.InstanceOf<PhiAuthenticationException>());
        Assert.That(probe.Code.Reveal(), Is.Not.Empty);
    }

    [Test]
    public async Task A_row_that_does_not_open_keeps_the_former_key_alive()
    {
        var clinic = await App.NewClinicAsync(api);
        var ids = await AddAsync(clinic, 3);
        await dba.ExecuteAsync($"UPDATE app.sealed_probes SET note = set_byte(note, 40, get_byte(note, 40) # 1) WHERE id = '{ids[1]}'");

        Assert.That(await api.RunAsync("keys", "rotate", "--tenant", clinic.Slug), Is.EqualTo(1));

        Assert.That(await VersionsAsync(clinic), Is.EqualTo(new[] { 1, 2 }), "it may be put right from a backup");
        Assert.That(await RowsUnderAsync(clinic, 1), Is.EqualTo(1));
    }

    [Test]
    public async Task While_both_keys_are_there_a_row_is_found_and_unique_under_either()
    {
        var clinic = await App.NewClinicAsync(api);
        await AddAsync(clinic, 1, "before-");
        await RotationOf(api).BeginAsync(clinic.Id, CancellationToken.None);
        await using var node = new ApiHost(url, App.Issuer, Quick);
        await AddAsync(clinic, 1, "pending-", node);
        await Eventually.IsTrueAsync(
            async () => await RotationOf(api).SealsFromAsync(clinic.Id, CancellationToken.None) is null, "The new version never sealed.");
        await AddAsync(clinic, 1, "after-", node);

        Assert.That(await RowsUnderAsync(clinic, 1), Is.EqualTo(2));
        Assert.That(await RowsUnderAsync(clinic, 2), Is.EqualTo(1));
        foreach (var code in new[] { "before-0", "pending-0", "after-0" })
        {
            await using var work = TenantWork.Of(node, clinic.Id);
            Assert.That(await FindAsync(work, code), Has.Count.EqualTo(1), code);
            work.Db.Add(new SealedProbe { Code = code });
            Assert.That(() => work.Db.SaveChangesAsync(), Throws.InstanceOf<DbUpdateException>(), code);
        }
    }

    [Test]
    public async Task What_is_written_during_a_reseal_is_not_overwritten()
    {
        var clinic = await App.NewClinicAsync(api);
        var ids = await AddAsync(clinic, 200);
        await RotationOf(api).BeginAsync(clinic.Id, CancellationToken.None);
        await Eventually.IsTrueAsync(
            async () => await RotationOf(api).SealsFromAsync(clinic.Id, CancellationToken.None) is null, "The new version never sealed.");

        var writing = Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (id, ct) =>
        {
            await using var work = TenantWork.Of(api, clinic.Id);
            var probe = await work.Db.Set<SealedProbe>().SingleAsync(p => p.Id == id, ct);
            probe.Note = $"changed {id}";
            await work.Db.SaveChangesAsync(ct);
        });
        var result = await api.Services.GetRequiredService<Resealing>().ResealAsync(clinic.Id, CancellationToken.None);
        await writing;

        Assert.That(result.Refused, Is.Zero);
        await using var reading = TenantWork.Of(api, clinic.Id);
        foreach (var probe in await reading.Db.Set<SealedProbe>().ToListAsync())
        {
            Assert.That(probe.Note!.Reveal(), Is.EqualTo($"changed {probe.Id}"));
        }

        Assert.That(await RowsUnderAsync(clinic, 1), Is.Zero);
    }

    [Test]
    public async Task A_retired_key_is_destroyed_when_no_backup_needs_it()
    {
        var clinic = await App.NewClinicAsync(api);
        await AddAsync(clinic, 1);
        Assert.That(await api.RunAsync("keys", "rotate", "--tenant", clinic.Slug), Is.Zero);
        Assert.That(await api.RunAsync("keys", "reseal", "--tenant", clinic.Slug), Is.Zero);
        Assert.That(await DestroyedAsync(clinic), Is.Empty);

        await dba.ExecuteAsync($"UPDATE keys.tenant_keys SET retired_at = now() - interval '36 days' WHERE tenant_id = '{clinic.Id}' AND version = 1");
        Assert.That(await api.RunAsync("keys", "reseal", "--tenant", clinic.Slug), Is.Zero);
        Assert.That(await DestroyedAsync(clinic), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public async Task Rewrapping_moves_keys_to_the_providers_key_of_today()
    {
        var clinic = await App.NewClinicAsync(api);
        var ids = await AddAsync(clinic, 2);
        await using var moved = new ApiHost(url, App.Issuer, new Dictionary<string, string>(Quick) { ["KEY_ID"] = "another" });

        Assert.That(await moved.RunAsync("keys", "rewrap", "--tenant", clinic.Slug), Is.Zero);

        Assert.That(
            await dba.ColumnAsync<string>($"SELECT provider_key_id FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}'"),
            Is.EqualTo(new[] { "another" }));
        await using var afterwards = new ApiHost(url, App.Issuer, Quick);
        await ShouldBeReadableAsync(afterwards, clinic, ids);
    }

    /// <summary>The binary by itself has no idea of the tests' tables, as of those that a deleted feature left.</summary>
    [Test]
    public async Task A_build_that_does_not_know_a_table_retires_no_key_that_its_rows_are_under()
    {
        var clinic = await App.NewClinicAsync(api);
        var ids = await AddAsync(clinic, 2);
        var settings = ApiProcess.Settings(url, App.Issuer);
        // Of a process that has just started a second is no time: its first keys would be old when it has them.
        settings["KEY_CACHE_SECONDS"] = "2";

        var rotation = await ApiProcess.RunAsync(settings, "keys", "rotate", "--tenant", clinic.Slug);

        Assert.That(rotation.ExitCode, Is.EqualTo(1));
        Assert.That(rotation.Errors, Does.Contain("a table that this build does not know"));
        Assert.That(await VersionsAsync(clinic), Is.EqualTo(new[] { 1, 2 }));
        await ShouldBeReadableAsync(api, clinic, ids);
    }

    [Test]
    public async Task Wrong_words_end_with_2_and_an_unknown_tenant_with_1()
    {
        var settings = ApiProcess.Settings(url, App.Issuer);
        Assert.That((await ApiProcess.RunAsync(settings, "keys")).ExitCode, Is.EqualTo(2));
        Assert.That((await ApiProcess.RunAsync(settings, "keys", "rotate")).ExitCode, Is.EqualTo(2));
        Assert.That((await ApiProcess.RunAsync(settings, "keys", "status", "--tenant", "nobody")).ExitCode, Is.EqualTo(1));
    }

    private static KeyRotation RotationOf(ApiHost api) => api.Services.GetRequiredService<KeyRotation>();

    private async Task<List<Guid>> AddAsync(Clinic clinic, int count, string code = "code-", ApiHost? node = null)
    {
        await using var work = TenantWork.Of(node ?? api, clinic.Id);
        List<SealedProbe> probes =
        [
            .. Enumerable.Range(0, count).Select(i => new SealedProbe { Code = $"{code}{i}", Note = $"note {i}", Day = new DateOnly(2000, 1, 1) }),
        ];
        work.Db.AddRange(probes);
        work.Db.AddRange(probes.Select((probe, i) => new SealedNote { ProbeId = probe.Id, Text = $"text {i}" }));
        await work.Db.SaveChangesAsync();
        return [.. probes.Select(probe => probe.Id)];
    }

    private static async Task ShouldBeReadableAsync(ApiHost node, Clinic clinic, List<Guid> ids)
    {
        await using var work = TenantWork.Of(node, clinic.Id);
        var probes = await work.Db.Set<SealedProbe>().AsNoTracking().ToDictionaryAsync(probe => probe.Id);
        var notes = await work.Db.Set<SealedNote>().AsNoTracking().ToDictionaryAsync(note => note.ProbeId);
        for (var i = 0; i < ids.Count; i++)
        {
            Assert.That(probes[ids[i]].Note!.Reveal(), Is.EqualTo($"note {i}"));
            Assert.That(notes[ids[i]].Text.Reveal(), Is.EqualTo($"text {i}"));
        }

        Assert.That((await FindAsync(work, "CODE-0")).Select(probe => probe.Id), Is.EqualTo(new[] { ids[0] }));
    }

    private static async Task<List<SealedProbe>> FindAsync(TenantWork work, string code)
    {
        var query = await BlindQuery<SealedProbe>.CreateAsync(work.Db, [(nameof(SealedProbe.Code), code)], CancellationToken.None);
        return [.. (await query.Candidates(work.Db.Set<SealedProbe>().AsNoTracking()).ToListAsync()).Where(query.Matches)];
    }

    private async Task ShouldBeRotatedAsync(Clinic clinic, int version)
    {
        Assert.That(await VersionsAsync(clinic), Is.EqualTo(new[] { version }));
        Assert.That(
            await dba.ColumnAsync<int>($"SELECT DISTINCT key_version FROM keys.subject_keys WHERE tenant_id = '{clinic.Id}'"),
            Is.EqualTo(new[] { version }));
        var (used, unused) = version % 2 == 0 ? ("b", "a") : ("a", "b");
        Assert.That(
            await dba.ScalarAsync<long>($"SELECT count(*) FROM app.sealed_probes WHERE tenant_id = '{clinic.Id}' AND (code_index_{unused} IS NOT NULL OR code_index_{used} IS NULL)"),
            Is.Zero);
    }

    private Task<List<int>> VersionsAsync(Clinic clinic) => dba.ColumnAsync<int>(
        $"SELECT version FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}' AND retired_at IS NULL ORDER BY version");

    private Task<List<int>> DestroyedAsync(Clinic clinic) => dba.ColumnAsync<int>(
        $"SELECT version FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}' AND wrapped IS NULL");

    private Task<long> RowsUnderAsync(Clinic clinic, int version) => dba.ScalarAsync<long>($"""
        SELECT count(*) FROM app.sealed_probes p JOIN keys.subject_keys k ON k.tenant_id = p.tenant_id AND k.id = p.subject_key_id
        WHERE p.tenant_id = '{clinic.Id}' AND k.key_version = {version}
        """);

    /// <summary>Every ciphertext and hash of the tenant.</summary>
    private Task<List<string>> RawAsync(Clinic clinic) => dba.ColumnAsync<string>($"""
        SELECT encode(unnest(array_remove(ARRAY[code, note, day, code_index_a, code_index_b], NULL)), 'hex') FROM app.sealed_probes WHERE tenant_id = '{clinic.Id}'
        UNION ALL SELECT encode(text, 'hex') FROM app.sealed_notes WHERE tenant_id = '{clinic.Id}'
        UNION ALL SELECT encode(wrapped, 'hex') FROM keys.subject_keys WHERE tenant_id = '{clinic.Id}'
        """);
}
