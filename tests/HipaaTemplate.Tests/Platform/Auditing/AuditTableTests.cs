using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>What each role of the database may do with the trail.</summary>
[Hipaa(Citations.AuditControls)]
internal sealed class AuditTableTests
{
    private const string Columns = "tenant_id, id, at, writer, number, void, action, outcome, actor_type, actor, patients, records, key_version, mac, leaf_hash";

    private static readonly string Hash = $"'\\x{new string('a', 64)}'";

    private Clinic clinic = null!;
    private string events = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        clinic = await App.NewClinicAsync();
        await using (var work = TenantWork.Of(App.Api, clinic.Id))
        {
            work.Db.Add(new SealedProbe { Code = $"code-{Guid.CreateVersion7():N}" });
            await work.Db.SaveChangesAsync();
        }

        events = AuditTables.Events;
        Assert.That(await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id), Has.Count.EqualTo(1));
    }

    [TestCase("SELECT count(*) FROM {0}")]
    [TestCase("SELECT mac FROM {0}")]
    [TestCase("UPDATE {0} SET outcome = 'refused'")]
    [TestCase("DELETE FROM {0}")]
    [TestCase("TRUNCATE {0}")]
    [TestCase("COPY {0} TO STDOUT")]
    [TestCase("ALTER TABLE {0} DISABLE ROW LEVEL SECURITY")]
    [TestCase("DROP TABLE {0}")]
    [TestCase("LOCK {0} IN ACCESS EXCLUSIVE MODE")]
    [TestCase("CREATE TABLE audit.mine ()")]
    [TestCase("SELECT audit.make_partitions(1)")]
    public async Task The_API_may_only_add(string statement) =>
        Assert.That(await RefusalAsync(string.Format(null, statement, events), clinic.Id), Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege).Or.EqualTo("42501"));

    [Test]
    public async Task The_API_adds_a_row_of_its_tenant_and_learns_nothing_of_it()
    {
        Assert.Multiple(async () =>
        {
            Assert.That(await RefusalAsync(Insert(clinic.Id), clinic.Id), Is.Null);
            Assert.That(await RefusalAsync($"{Insert(clinic.Id)} RETURNING id", clinic.Id), Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege));
        });
    }

    [Test]
    public async Task The_API_adds_no_row_of_another_tenant()
    {
        var other = await App.NewClinicAsync();
        Assert.Multiple(async () =>
        {
            Assert.That(await RefusalAsync(Insert(other.Id), clinic.Id), Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege));
            Assert.That(await RefusalAsync(Insert(other.Id), null), Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege));
        });
    }

    [Test]
    public async Task The_API_does_not_say_which_transaction_added_a_row() => Assert.That(
        await RefusalAsync(Insert(clinic.Id, ", xid", ", '9000000000000000000'"), clinic.Id), Is.EqualTo(PostgresErrorCodes.InsufficientPrivilege));

    [Test]
    public async Task Nobody_goes_at_a_partition_itself()
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        var partitions = await dba.ColumnAsync<string>($"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{events}'::regclass");
        Assert.That(partitions, Has.Count.EqualTo(AuditTables.MonthsAhead + 2));
        await using var app = await App.Api.OpenAppConnectionAsync();
        foreach (var partition in partitions)
        {
            Assert.That(() => app.ExecuteAsync($"SELECT FROM {partition}"), Throws.InstanceOf<PostgresException>());
            Assert.That(() => app.ExecuteAsync(Insert(clinic.Id).Replace(events, partition, StringComparison.Ordinal)), Throws.InstanceOf<PostgresException>());
        }

        await using var owner = await App.Api.OpenOwnerConnectionAsync();
        foreach (var partition in partitions)
        {
            Assert.That(await owner.ScalarAsync<long>($"SELECT count(*) FROM {partition}"), Is.Zero, "forced, without a policy");
        }
    }

    [Test]
    public async Task An_auditor_reads_every_tenants_events_and_changes_none()
    {
        await using var auditor = await TrailReader.OpenAsync(App.DatabaseUrl);
        Assert.That(await auditor.ScalarAsync<long>($"SELECT count(*) FROM {events} WHERE tenant_id = '{clinic.Id}'"), Is.Positive);
        foreach (var statement in new[] { $"UPDATE {events} SET outcome = 'refused'", $"DELETE FROM {events}", $"TRUNCATE {events}", Insert(clinic.Id), "SELECT count(*) FROM app.sealed_probes", "SELECT count(*) FROM keys.tenant_keys" })
        {
            Assert.That(
                () => auditor.ExecuteAsync(statement),
                Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.InsufficientPrivilege), statement);
        }
    }

    [Test]
    public async Task Who_touches_a_patients_data_has_a_name() => Assert.That(
        await RefusalAsync(Insert(clinic.Id).Replace("'nobody'", "NULL", StringComparison.Ordinal), clinic.Id), Is.EqualTo(PostgresErrorCodes.CheckViolation));

    [Test]
    public async Task The_MAC_and_the_leaf_are_those_of_the_row()
    {
        var stored = (await TrailReader.EventsAsync(App.DatabaseUrl, clinic.Id)).First(stamped => stamped.Entry.Action == "change_records");
        await using var work = TenantWork.Of(App.Api, clinic.Id);
        await work.Db.Keys!.PrepareAsync(CancellationToken.None);
        var material = work.Db.Keys.Ring.Find(stored.Entry.KeyVersion)!;
        var key = new byte[32];
        var (auditKey, nextMonth) = (new byte[32], new byte[32]);
        material.DeriveAuditKey(auditKey);
        AuditEncoding.DeriveMonthKey(auditKey, stored.Entry.At, key);
        AuditEncoding.DeriveMonthKey(auditKey, stored.Entry.At.AddMonths(1), nextMonth);
        var encoded = AuditEncoding.Encode(stored.Entry);
        var leaf = new byte[MerkleHash.Length];
        MerkleHash.Leaf([.. encoded, .. stored.Mac], leaf);

        Assert.Multiple(() =>
        {
            Assert.That(material.Class, Is.EqualTo(DataClass.General));
            Assert.That(HMACSHA256.HashData(key, encoded), Is.EqualTo(stored.Mac));
            Assert.That(leaf, Is.EqualTo(stored.LeafHash));
            Assert.That(nextMonth, Is.Not.EqualTo(key));
        });
    }

    private string Insert(TenantId tenant, string moreColumns = "", string moreValues = "") => $"""
        INSERT INTO {events} ({Columns}{moreColumns}) VALUES (
            '{tenant}', '{Guid.CreateVersion7()}', now(), '{Guid.CreateVersion7()}', 0, ARRAY[]::bigint[], 'read_records', 'success', 'user', 'nobody',
            ARRAY['{Guid.CreateVersion7()}']::uuid[], '[]', 1, {Hash}, {Hash}{moreValues})
        """;

    /// <summary>As hipaa_app, in a transaction that is never committed.</summary>
    private static async Task<string?> RefusalAsync(string statement, TenantId? tenant)
    {
        await using var app = await App.Api.OpenAppConnectionAsync();
        await using var transaction = await app.BeginTransactionAsync();
        await App.Api.EnterAsync(app, tenant);
        try
        {
            await app.ExecuteAsync(statement);
            return null;
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }
}
