using System.Text;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing.Sealing;

/// <summary>Every event becomes one leaf of its log, whatever happens to who seals.</summary>
[NonParallelizable]
[Hipaa(Citations.AuditControls)]
internal sealed class SealerTests
{
    private ApiHost api = null!;
    private string url = null!;
    private Clinic clinic = null!;
    private DirectoryInfo anchors = null!;

    [SetUp]
    public async Task StartAsync()
    {
        anchors = Directory.CreateTempSubdirectory("hipaa-template-anchors");
        (api, url) = await App.NewApiAsync(new Dictionary<string, string> { ["AUDIT_ANCHOR_DIRECTORY"] = anchors.FullName });
        clinic = await NewClinicAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        anchors.Delete(recursive: true);
    }

    [Test]
    public async Task Every_event_is_a_leaf_and_the_signature_covers_all_of_them()
    {
        var other = await NewClinicAsync();
        await WriteAsync(clinic, 5);
        await WriteAsync(other, 3);
        Assert.That(await SealAsync(), Is.EqualTo(8));
        await WriteAsync(clinic, 6);
        Assert.That(await SealAsync(), Is.EqualTo(6));
        Assert.That(await SealAsync(), Is.Zero);

        await AssertSealedAsync(clinic, 11);
        await AssertSealedAsync(other, 3);
    }

    [Test]
    public async Task What_an_open_transaction_may_still_add_to_is_waited_for()
    {
        await WriteAsync(clinic, 1);
        await Horizon.PassesAsync(url);
        await using var app = await api.OpenAppConnectionAsync();
        await using var transaction = await app.BeginTransactionAsync();
        await api.Services.GetRequiredService<AuditStore>().AddAsync(
            app, transaction, [AuditStamp.Stamp(await DraftAsync(clinic), api.Services.GetRequiredService<AuditNumbers>())], CancellationToken.None);
        await WriteAsync(clinic, 1);
        Assert.That(await SealNowAsync(), Is.EqualTo(1), "the one before it");

        await transaction.CommitAsync();
        Assert.That(await SealAsync(), Is.EqualTo(2));
        await AssertSealedAsync(clinic, 3);
    }

    [Test]
    public async Task Nothing_is_lost_or_doubled_when_those_who_seal_are_killed_and_get_into_each_others_way()
    {
        const int events = 300;
        const int kills = 30;
        var (written, killed) = (0, 0L);
        using var done = new CancellationTokenSource();
        var sealing = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                try
                {
                    await SealNowAsync();
                }
                catch (NpgsqlException)
                {
                    // Killed.
                }
            }
        })));
        var killing = Task.Run(async () =>
        {
            await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
            while (!done.IsCancellationRequested)
            {
                Volatile.Write(ref killed, killed + await dba.ScalarAsync<long>(
                    $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '{DatabaseRoles.Sealer}' AND datname = current_database() AND random() < 0.3"));
                await Task.Delay(Random.Shared.Next(10));
            }
        });
        for (; written < events || Volatile.Read(ref killed) < kills; written++)
        {
            await WriteAsync(clinic, 1);
        }

        await done.CancelAsync();
        await Task.WhenAll(sealing, killing);
        while (await SealAsync() is not 0)
        {
        }

        await AssertSealedAsync(clinic, written);
    }

    [TestCase($"UPDATE {AuditTables.Seals} SET note = replace(note, 'hipaa-template/heads', 'hipaa-template/other')")]
    [TestCase($"UPDATE {AuditTables.Seals} SET peaks = ARRAY[sha256('x')]")]
    [TestCase($"UPDATE {AuditTables.Seals} SET peaks = ARRAY[]::bytea[]")]
    [TestCase($"UPDATE {AuditTables.Heads} SET peaks = ARRAY[sha256('x')], root = sha256('y') WHERE size = 1")]
    [TestCase($"UPDATE {AuditTables.SigningKeys} SET public_key = decode('00', 'hex')")]
    public async Task It_does_not_go_on_from_what_was_changed(string sql)
    {
        await WriteAsync(clinic, 1);
        await SealAsync();
        await using (var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url))
        {
            await dba.ExecuteAsync(sql);
        }

        await WriteAsync(clinic, 1);
        Assert.That(SealAsync, Throws.InstanceOf<SealDamagedException>());
    }

    [Test]
    public async Task A_database_whose_transactions_count_from_the_beginning_again_is_sealed_on()
    {
        await WriteAsync(clinic, 2);
        await SealAsync();
        await using (var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url))
        {
            await dba.ExecuteAsync($"UPDATE {AuditTables.Seals} SET horizon = '9000000000000000000'");
        }

        await WriteAsync(clinic, 2);
        Assert.That(await SealAsync(), Is.EqualTo(2));
        await AssertSealedAsync(clinic, 4);
    }

    [Test]
    public async Task Anchors_hold_all_heads_in_order()
    {
        for (var i = 0; i < 3; i++)
        {
            await WriteAsync(clinic, 1);
            await SealAsync();
            await SealAsync();
            Assert.That(await AnchorAsync(), Is.EqualTo(1));
            Assert.That(await AnchorAsync(), Is.Zero);
        }

        var files = anchors.GetFiles().Order(Comparer<FileInfo>.Create((one, other) => string.CompareOrdinal(one.Name, other.Name))).ToList();
        Assert.That(files.Select(file => file.Name), Is.EqualTo(new[] { "00000000000000000001.ndjson", "00000000000000000002.ndjson", "00000000000000000003.ndjson" }));
        var tree = new MerkleTree();
        foreach (var file in files)
        {
            var anchor = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(file.FullName));
            Assert.That(anchor.GetProperty("from").GetInt64(), Is.EqualTo(tree.Size));
            foreach (var head in anchor.GetProperty("heads").EnumerateArray())
            {
                tree.Append(LeafHashOf(head.GetString()!));
            }

            Assert.That(CheckpointOf(anchor.GetProperty("note").GetString()!).Root.ToArray(), Is.EqualTo(tree.Root()));
        }
    }

    [Test]
    public async Task An_older_copy_of_the_database_is_not_anchored()
    {
        await WriteAsync(clinic, 1);
        await SealAsync();
        await AnchorAsync();
        await using (var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url))
        {
            await dba.ExecuteAsync($"TRUNCATE {AuditTables.Leaves}, {AuditTables.Heads}, {AuditTables.Seals}");
        }

        Assert.That(AnchorAsync, Throws.InstanceOf<SealDamagedException>());
    }

    [TestCase($"UPDATE {AuditTables.Leaves} SET leaf = 7")]
    [TestCase($"DELETE FROM {AuditTables.Heads}")]
    [TestCase($"TRUNCATE {AuditTables.Seals}")]
    [TestCase($"SELECT actor FROM {AuditTables.Events}")]
    [TestCase($"DELETE FROM {AuditTables.Events}")]
    [TestCase($"INSERT INTO {AuditTables.Events} SELECT * FROM {AuditTables.Events}")]
    [TestCase("SELECT count(*) FROM app.patients")]
    [TestCase("SELECT count(*) FROM keys.tenant_keys")]
    public async Task Who_seals_may_only_add_seals(string statement)
    {
        await using var seals = new NpgsqlConnection(Settings.Value.SealerConnectionString());
        await seals.OpenAsync();
        Assert.That(
            () => seals.ExecuteAsync(statement),
            Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.InsufficientPrivilege));
    }

    /// <summary>With its key, and as if nothing had happened yet.</summary>
    private async Task<Clinic> NewClinicAsync()
    {
        var added = await App.NewClinicAsync(api);
        using var draft = await DraftAsync(added);
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await dba.ExecuteAsync($"TRUNCATE {AuditTables.Events}");
        return added;
    }

    private IOptions<DatabaseSettings> Settings => api.Services.GetRequiredService<IOptions<DatabaseSettings>>();

    /// <summary>All that is stored.</summary>
    private async Task<int?> SealAsync()
    {
        await Horizon.PassesAsync(url);
        return await SealNowAsync();
    }

    private Task<int?> SealNowAsync() => api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);

    private Task<long?> AnchorAsync() => api.Services.GetRequiredService<AuditAnchors>().WriteAsync(CancellationToken.None);

    private async Task WriteAsync(Clinic of, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await api.Services.GetRequiredService<AuditTrail>().WriteAsync(await DraftAsync(of), CancellationToken.None);
        }
    }

    private async Task<AuditDraft> DraftAsync(Clinic of)
    {
        await using var work = TenantWork.Of(api, of.Id);
        return AuditDraft.OfTenant(
            new AuditFacts(AuditAction.ReadRecords, AuditOutcome.Success, AuditActor.System("test")),
            of.Id,
            await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None));
    }

    /// <summary>From what an auditor reads, and the public key.</summary>
    private async Task AssertSealedAsync(Clinic of, int count)
    {
        await using var reader = await AuditReader.OpenAsync(Settings, CancellationToken.None);
        var log = AuditLog.Of(of.Id, TimeProvider.System.GetUtcNow());
        var tree = new MerkleTree();
        await foreach (var stored in reader.EventsAsync(log, CancellationToken.None))
        {
            Assert.That(stored.Leaf, Is.EqualTo(tree.Size));
            tree.Append(stored.Stamped.LeafHash);
        }

        Assert.That(tree.Size, Is.EqualTo(count));
        var head = (await reader.NewestHeadAsync(log, CancellationToken.None))!;
        Assert.That((head.Size, head.Root), Is.EqualTo(((long)count, tree.Root())));
        var (heads, note) = (await reader.LastSealAsync(CancellationToken.None))!.Value;
        var checkpoint = CheckpointOf(note);
        Assert.That(checkpoint.Size, Is.EqualTo(heads));
        var proof = await StreamedProof.InclusionAsync(reader.HeadHashesAsync(CancellationToken.None), head.Number, heads);
        Assert.That(MerkleVerifier.IsIncluded(
            head.Number, heads, LeafHashOf(log.CheckpointAt("hipaa-template", head.Size, head.Root).Format()), proof, checkpoint.Root));
        Assert.That(SignedNote.TryParse(Encoding.UTF8.GetBytes(note), out var signed));
        Assert.That(
            signed!.Verify([.. await api.Services.GetRequiredService<AuditSigningKeys>().PublicKeysAsync(CancellationToken.None)]),
            Is.EqualTo(NoteVerdict.Verified));
    }

    private static Checkpoint CheckpointOf(string note)
    {
        Assert.That(SignedNote.TryParse(Encoding.UTF8.GetBytes(note), out var signed));
        Assert.That(Checkpoint.TryParse(signed!.Text, out var checkpoint));
        return checkpoint!;
    }

    private static byte[] LeafHashOf(string text)
    {
        var hash = new byte[MerkleHash.Length];
        MerkleHash.Leaf(Encoding.UTF8.GetBytes(text), hash);
        return hash;
    }
}
