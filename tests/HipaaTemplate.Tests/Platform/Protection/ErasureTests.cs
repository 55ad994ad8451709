using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Erasure;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>A patient whose key is destroyed is unreadable everywhere at once, and all of it or nothing goes.</summary>
[Hipaa(Citations.Media)]
internal sealed class ErasureTests
{
    private const string IndexesAreEmpty = "code_index_a IS NULL AND code_index_b IS NULL AND note_day_index_a IS NULL AND note_day_index_b IS NULL";
    private static readonly CountingErasure Feature = new();

    private ErasureStage stage = null!;
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task OpenAsync() =>
        stage = await ErasureStage.OpenAsync(services => services.AddSingleton<ISubjectErasure>(Feature));

    [OneTimeTearDown]
    public ValueTask CloseAsync() => stage.DisposeAsync();

    [SetUp]
    public async Task BeginAsync()
    {
        Feature.Fails = false;
        clinic = await App.NewClinicAsync(stage.Api);
    }

    [Test]
    public async Task Nothing_of_an_erased_patient_opens_on_any_node_and_everything_of_others_does()
    {
        var (erased, other) = (await stage.AddAsync(clinic), await stage.AddAsync(clinic));
        foreach (var node in new[] { stage.Api, stage.Other })
        {
            Assert.That(await ErasureStage.NoteOfAsync(node, clinic, erased.Id), Is.EqualTo("Lindqvist"), "it has the keys at hand");
        }

        await stage.ErasePatientAsync(clinic, erased.Id);

        foreach (var node in new[] { stage.Api, stage.Other })
        {
            await ShouldBeDarkAsync(node, erased.Id);
            Assert.That(await ErasureStage.NoteOfAsync(node, clinic, other.Id), Is.EqualTo("Lindqvist"));
            Assert.That(await ErasureStage.TextAboutAsync(node, clinic, other.Id), Is.EqualTo("a note"));
        }

        Assert.That(await stage.RawAsync<bool>("app.sealed_probes", "code_index_a IS NOT NULL AND note_day_index_a IS NOT NULL", other.Id), Is.True);
    }

    [Test]
    public async Task The_rows_and_their_ids_stay_and_the_key_and_the_indexes_do_not()
    {
        var probe = await stage.AddAsync(clinic);
        Assert.That(await stage.RawAsync<bool>("app.sealed_probes", IndexesAreEmpty, probe.Id), Is.False, "else this proves nothing");

        await stage.ErasePatientAsync(clinic, probe.Id);

        Assert.That(await stage.RawAsync<bool>("app.sealed_probes", IndexesAreEmpty, probe.Id), Is.True);
        Assert.That(await stage.CountAsync("app.sealed_notes", clinic.Id, $"probe_id = '{probe.Id}' AND text IS NOT NULL"), Is.EqualTo(1));
        Assert.That(
            await stage.CountAsync("keys.subject_keys", clinic.Id, $"subject_id = '{probe.Id}' AND wrapped IS NULL AND destroyed_at IS NOT NULL"),
            Is.EqualTo(1));
    }

    /// <summary>While the tenant's key is being replaced a patient has two.</summary>
    [Test]
    public async Task Every_key_of_the_patient_is_destroyed()
    {
        var probe = await stage.AddAsync(clinic);
        await stage.Dba.ExecuteAsync($"""
            INSERT INTO keys.subject_keys (tenant_id, id, subject_id, key_version, wrapped, created_at)
            SELECT tenant_id, '{Guid.CreateVersion7()}', subject_id, 2, wrapped, created_at FROM keys.subject_keys WHERE subject_id = '{probe.Id}'
            """);
        var file = await stage.ErasePatientAsync(clinic, probe.Id);

        Assert.That(await stage.CountAsync("keys.subject_keys", clinic.Id, $"subject_id = '{probe.Id}' AND wrapped IS NULL"), Is.EqualTo(2));
        Assert.That(
            ErasureStage.PayloadOf(file).GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("version").GetInt32()),
            Is.EqualTo(new[] { 1, 2 }));
    }

    [Test]
    public async Task Nothing_new_is_saved_for_an_erased_patient()
    {
        var probe = await stage.AddAsync(clinic);
        await stage.ErasePatientAsync(clinic, probe.Id);

        foreach (var node in new[] { stage.Api, stage.Other })
        {
            await using var work = TenantWork.Of(node, clinic.Id);
            work.Db.Add(new SealedNote { ProbeId = probe.Id, Text = "later" });
            Assert.That(() => work.Db.SaveChangesAsync(), Throws.InstanceOf<PhiErasedException>());
        }

        Assert.That(await stage.CountAsync("app.sealed_notes", clinic.Id, $"probe_id = '{probe.Id}'"), Is.EqualTo(1));
    }

    /// <summary>Whoever read it before has the key at hand, in memory, and would write its hashes again.</summary>
    [Test]
    public async Task What_was_read_before_is_not_saved_after()
    {
        var probe = await stage.AddAsync(clinic);
        await using var changing = TenantWork.Of(stage.Other, clinic.Id);
        await using var adding = TenantWork.Of(stage.Other, clinic.Id);
        var read = await changing.Db.Set<SealedProbe>().SingleAsync(p => p.Id == probe.Id);
        _ = read.Note!.Reveal();
        var also = await adding.Db.Set<SealedProbe>().SingleAsync(p => p.Id == probe.Id);
        _ = also.Note!.Reveal();

        await stage.ErasePatientAsync(clinic, probe.Id);

        read.Code = $"code-{Guid.CreateVersion7():N}";
        Assert.That(() => changing.Db.SaveChangesAsync(), Throws.InstanceOf<PhiErasedException>());
        adding.Db.Add(new SealedNote { ProbeId = probe.Id, Text = "later" });
        Assert.That(() => adding.Db.SaveChangesAsync(), Throws.InstanceOf<PhiErasedException>());
        Assert.That(await stage.RawAsync<bool>("app.sealed_probes", IndexesAreEmpty, probe.Id), Is.True);
        Assert.That(await stage.CountAsync("app.sealed_notes", clinic.Id, $"probe_id = '{probe.Id}'"), Is.EqualTo(1));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task What_is_being_saved_just_then_is_waited_for_and_goes_with_the_rest(bool isRowChanged)
    {
        var probe = await stage.AddAsync(clinic);
        var file = stage.NewFile();
        Task<int>? erasing = null;
        await using (var work = TenantWork.Of(stage.Other, clinic.Id))
        {
            var db = work.Db;
            await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync();
                var read = await db.Set<SealedProbe>().SingleAsync(p => p.Id == probe.Id);
                db.Add(new SealedNote { ProbeId = probe.Id, Text = "just then" });
                if (isRowChanged)
                {
                    read.Code = $"code-{Guid.CreateVersion7():N}";
                }

                await db.SaveChangesAsync();
                erasing = Task.Run(() => stage.KeysAsync("erase", "--patient", probe.Id.ToString(), "--tenant", clinic.Slug, "--out", file));
                await Eventually.IsTrueAsync(SomebodyWaitsAsync, "The erasure did not wait.");
                await transaction.CommitAsync();
            });
        }

        Assert.That(await erasing!, Is.Zero);
        await ShouldBeDarkAsync(stage.Other, probe.Id);
        Assert.That(await stage.RawAsync<bool>("app.sealed_probes", IndexesAreEmpty, probe.Id), Is.True);
        Assert.That(
            ErasureStage.PayloadOf(file).GetProperty("tables").EnumerateArray()
                .Select(table => (table.GetProperty("table").GetString(), table.GetProperty("rows").GetInt32())),
            Is.EqualTo(new[] { ("app.sealed_notes", 2), ("app.sealed_probes", 1) }));
    }

    [Test]
    public async Task No_new_key_is_made_for_an_erased_patient_whoever_asks()
    {
        var probe = await stage.AddAsync(clinic);
        await stage.ErasePatientAsync(clinic, probe.Id);
        await using var app = await stage.Api.OpenAppConnectionAsync();
        await using var transaction = await app.BeginTransactionAsync();
        await stage.Api.EnterAsync(app, clinic.Id);

        Assert.That(await app.ExecuteAsync(NewKey(probe.Id, version: 2)), Is.Zero);
        Assert.That(await app.ExecuteAsync(NewKey(Guid.CreateVersion7(), version: 2)), Is.EqualTo(1), "else this proves nothing");
    }

    [TestCase("UPDATE keys.subject_keys SET wrapped = NULL, destroyed_at = now()")]
    [TestCase("DELETE FROM keys.subject_keys")]
    [TestCase("UPDATE keys.tenant_keys SET wrapped = NULL, destroyed_at = now()")]
    [TestCase("DELETE FROM keys.tenant_keys")]
    [TestCase("UPDATE keys.legal_holds SET released_at = now()")]
    [TestCase("DELETE FROM keys.legal_holds")]
    [TestCase("SELECT * FROM keys.signing_keys")]
    [TestCase("INSERT INTO keys.signing_keys SELECT * FROM keys.signing_keys")]
    [TestCase("SELECT * FROM keys.certificates")]
    [TestCase("DELETE FROM keys.certificates")]
    [TestCase("ALTER TABLE app.sealed_probes DISABLE TRIGGER refuse_erased")]
    [TestCase("SELECT keys.refuse_erased()")]
    public async Task The_APIs_role_may_not(string sql)
    {
        await using var app = await stage.Api.OpenAppConnectionAsync();
        await using var transaction = await app.BeginTransactionAsync();
        await stage.Api.EnterAsync(app, clinic.Id);
        Assert.That(
            () => app.ExecuteAsync(sql),
            Throws.InstanceOf<PostgresException>().With.Property("SqlState").EqualTo(PostgresErrorCodes.InsufficientPrivilege));
    }

    [Test]
    public async Task All_of_it_goes_or_nothing()
    {
        var probe = await stage.AddAsync(clinic);
        Feature.Fails = true;
        var file = stage.NewFile();
        Assert.That(
            () => stage.KeysAsync("erase", "--patient", probe.Id.ToString(), "--tenant", clinic.Slug, "--out", file),
            Throws.InstanceOf<InvalidOperationException>().With.Message.EqualTo("planted"));

        foreach (var node in new[] { stage.Api, stage.Other })
        {
            Assert.That(await ErasureStage.NoteOfAsync(node, clinic, probe.Id), Is.EqualTo("Lindqvist"));
            Assert.That(await ErasureStage.TextAboutAsync(node, clinic, probe.Id), Is.EqualTo("a note"));
        }

        Assert.That(await stage.RawAsync<bool>("app.sealed_probes", "code_index_a IS NOT NULL AND note_day_index_a IS NOT NULL", probe.Id), Is.True);
        Assert.That(File.Exists(file), Is.False);
        Assert.That(await stage.Dba.ScalarAsync<long>($"SELECT count(*) FROM keys.certificates WHERE subject = '{probe.Id}'"), Is.Zero);

        Feature.Fails = false;
        await stage.ErasePatientAsync(clinic, probe.Id);
        Assert.That(Feature.Seen, Does.Contain(probe.Id));
    }

    [Test]
    public async Task A_patient_of_another_tenant_is_nobodys()
    {
        var probe = await stage.AddAsync(clinic);
        var other = await App.NewClinicAsync(stage.Api);

        ShouldBeRefused("no patient with this id", "erase", "--patient", probe.Id.ToString(), "--tenant", other.Slug);
        ShouldBeRefused("no patient with this id", "erase", "--patient", Guid.CreateVersion7().ToString(), "--tenant", clinic.Slug);
        ShouldBeRefused("no tenant with this slug", "erase", "--patient", probe.Id.ToString(), "--tenant", "nobody");
        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Is.EqualTo("Lindqvist"));
    }

    [Test]
    public async Task Nobody_is_erased_twice_and_the_certificate_is_there_for_good()
    {
        var probe = await stage.AddAsync(clinic);
        var file = await stage.ErasePatientAsync(clinic, probe.Id);

        ShouldBeRefused("erased before", "erase", "--patient", probe.Id.ToString(), "--tenant", clinic.Slug);
        var shown = await stage.RunAsync("keys", "certificate", "show", probe.Id.ToString());
        Assert.That(shown.Output, Is.EqualTo(await File.ReadAllTextAsync(file)));
        ShouldBeRefused("no certificate", "certificate", "show", Guid.CreateVersion7().ToString());
    }

    [Test]
    public async Task A_file_that_is_there_is_not_overwritten_and_nothing_is_erased()
    {
        var probe = await stage.AddAsync(clinic);
        var file = stage.Write("kept");
        ShouldBeRefused("there already", "erase", "--patient", probe.Id.ToString(), "--tenant", clinic.Slug, "--out", file);
        Assert.That(await File.ReadAllTextAsync(file), Is.EqualTo("kept"));
        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Is.EqualTo("Lindqvist"));
    }

    [Test]
    public async Task A_certificate_that_cannot_be_written_is_not_lost()
    {
        var probe = await stage.AddAsync(clinic);
        ShouldBeRefused(
            $"keys certificate show {probe.Id} prints it",
            "erase", "--patient", probe.Id.ToString(), "--tenant", clinic.Slug, "--out", Path.Combine(stage.NewFile(), "nowhere.json"));
        Assert.That(await stage.VerifyAsync((await stage.RunAsync("keys", "certificate", "show", probe.Id.ToString())).Output), Is.Not.Null);
    }

    [TestCase("keys")]
    [TestCase("keys", "erase")]
    [TestCase("keys", "erase", "--patient", "0199a000-0000-7000-8000-000000000001")]
    [TestCase("keys", "erase", "--patient", "nobody", "--tenant", "northwind")]
    [TestCase("keys", "erase", "--tenant")]
    [TestCase("keys", "erase", "--tenant", "a", "--tenant", "b")]
    [TestCase("keys", "erase", "--tenant", "a", "--certificate", "b")]
    [TestCase("keys", "erase", "--certificate", "b", "--out", "c")]
    [TestCase("keys", "erase", "--tenant", "a", "--public-key", "b")]
    [TestCase("keys", "erase", "--everything", "yes")]
    [TestCase("keys", "hold", "--tenant", "a")]
    [TestCase("keys", "hold", "--case", "1")]
    [TestCase("keys", "hold", "--tenant", "a", "--case", "Maria Lindqvist 1931")]
    [TestCase("keys", "hold", "--tenant", "a", "--case", "Lindqvist")]
    [TestCase("keys", "release", "--tenant", "a")]
    [TestCase("keys", "holds", "--patient", "a")]
    [TestCase("keys", "certificate")]
    [TestCase("keys", "certificate", "verify")]
    [TestCase("keys", "certificate", "show", "nobody")]
    public async Task Wrong_usage_ends_with_2_and_shows_the_usage(params string[] words)
    {
        var result = await ApiProcess.RunAsync(new Dictionary<string, string>(), words);
        Assert.That(result.ExitCode, Is.EqualTo(2), result.Errors);
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.Errors, Does.Contain("HipaaTemplate.Api keys erase").And.Not.Contain("   at "));
    }

    private static string NewKey(Guid subject, int version) => $"""
        INSERT INTO keys.subject_keys (tenant_id, id, subject_id, key_version, wrapped, created_at)
        VALUES (app.current_tenant_id(), '{Guid.CreateVersion7()}', '{subject}', {version}, '\x00', now())
        """;

    private void ShouldBeRefused(string because, params string[] words) =>
        Assert.That(() => stage.KeysAsync(words), Throws.InstanceOf<CommandException>().With.Message.Contains(because));

    private async Task ShouldBeDarkAsync(ApiHost node, Guid id)
    {
        await using var work = TenantWork.Of(node, clinic.Id);
        var probe = await work.Db.Set<SealedProbe>().SingleAsync(p => p.Id == id);
        var notes = await work.Db.Set<SealedNote>().Where(n => n.ProbeId == id).ToListAsync();
        Assert.Multiple(() =>
        {
            Assert.That(() => probe.Note!.Reveal(), Throws.InstanceOf<PhiErasedException>());
            Assert.That(() => probe.Code.Reveal(), Throws.InstanceOf<PhiErasedException>());
            Assert.That(notes, Is.Not.Empty);
            foreach (var note in notes)
            {
                Assert.That(() => note.Text.Reveal(), Throws.InstanceOf<PhiErasedException>());
            }
        });
    }

    private Task<bool> SomebodyWaitsAsync() => stage.Dba.ScalarAsync<bool>(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')");

    /// <summary>What a feature has beside its rows.</summary>
    private sealed class CountingErasure : ISubjectErasure
    {
        public string Name => "things";

        public bool Fails { get; set; }

        public List<Guid> Seen { get; } = [];

        public async Task<int> EraseAsync(SubjectsToErase erased, CancellationToken ct)
        {
            var ids = await erased.Ids.ToListAsync(ct);
            Seen.AddRange(ids);
            return Fails ? throw new InvalidOperationException("planted") : ids.Count;
        }
    }
}
