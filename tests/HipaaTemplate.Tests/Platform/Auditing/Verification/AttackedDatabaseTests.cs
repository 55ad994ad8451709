using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Auditing.Verification;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>
/// A superuser rewrites the trail in the database; what is exported then is found out by both verifiers, with the
/// keys and the anchors that were kept elsewhere.
/// </summary>
[NonParallelizable]
[Hipaa(Citations.AuditControls)]
internal sealed class AttackedDatabaseTests
{
    private const string EventOfLeaf = $"(SELECT event_id FROM {AuditTables.Leaves} WHERE log_tenant = @tenant AND leaf = 2)";
    private const string WithoutChecks = $"ALTER TABLE {AuditTables.Leaves} DROP CONSTRAINT leaves_leaf_check";

    private readonly ManualTime time = new();
    private ApiHost api = null!;
    private string url = null!;
    private DirectoryInfo anchors = null!;
    private Clinic clinic = null!;
    private string keys = null!;

    /// <summary>Six events sealed and anchored, three more likewise, and two that are not sealed.</summary>
    [SetUp]
    public async Task StartAsync()
    {
        anchors = Directory.CreateTempSubdirectory("hipaa-template-anchors");
        (api, url) = await App.NewApiAsync(
            new Dictionary<string, string> { ["AUDIT_ANCHOR_DIRECTORY"] = anchors.FullName, ["AUDIT_SEAL"] = "true" },
            services =>
            {
                services.AddSingleton<TimeProvider>(time);
                // The tests say when: the one that runs by itself would be in between.
                services.Remove(services.Single(service => service.ImplementationType == typeof(SealingService)));
            });
        clinic = await App.NewClinicAsync(api);
        foreach (var count in new[] { 6, 3 })
        {
            await WriteAsync(count);
            await SealAsync();
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await WriteAsync(2);
        using var output = new StringWriter();
        await api.Services.GetRequiredService<AuditKeyFile>().WriteAsync(Log, output, CancellationToken.None);
        keys = output.ToString();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        anchors.Delete(recursive: true);
    }

    private AuditLog Log => AuditLog.Of(clinic.Id, time.GetUtcNow());

    [Test]
    public async Task What_nobody_touched_is_clean_once_it_is_sealed()
    {
        await ShouldBeAsync(Verdict.Incomplete);
        await SealAsync();
        await ShouldBeAsync(Verdict.Clean);
    }

    [Test]
    public async Task An_event_is_proven_by_itself()
    {
        await using var reader = await AuditReader.OpenAsync(api.Services.GetRequiredService<IOptions<DatabaseSettings>>(), CancellationToken.None);
        await foreach (var stored in reader.EventsAsync(Log, CancellationToken.None))
        {
            using var proof = new StringWriter();
            var isSealed = await api.Services.GetRequiredService<AuditExport>().ProofAsync(clinic.Id, stored.Stamped.Entry.Id, proof, CancellationToken.None);
            Assert.That(isSealed, Is.EqualTo(stored.Leaf is not null));
            if (isSealed)
            {
                await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(Encoding.UTF8.GetBytes(proof.ToString()), keys, null));
            }
        }
    }

    [Test]
    public async Task A_sealed_event_is_edited() => await ShouldBeFoundAsync(
        $"UPDATE {AuditTables.Events} SET actor = 'somebody else' WHERE id = {EventOfLeaf}");

    [Test]
    public async Task A_sealed_event_is_deleted() => await ShouldBeFoundAsync($"DELETE FROM {AuditTables.Events} WHERE id = {EventOfLeaf}");

    [Test]
    public async Task A_sealed_event_is_deleted_and_the_others_are_renumbered() => await ShouldBeFoundAsync($"""
        {WithoutChecks};
        DELETE FROM {AuditTables.Events} WHERE id = {EventOfLeaf};
        DELETE FROM {AuditTables.Leaves} WHERE log_tenant = @tenant AND leaf = 2;
        UPDATE {AuditTables.Leaves} SET leaf = -leaf WHERE log_tenant = @tenant AND leaf > 2;
        UPDATE {AuditTables.Leaves} SET leaf = -leaf - 1 WHERE log_tenant = @tenant AND leaf < 0
        """);

    [Test]
    public async Task Two_events_are_swapped() => await ShouldBeFoundAsync($"""
        {WithoutChecks};
        UPDATE {AuditTables.Leaves} SET leaf = -1 WHERE log_tenant = @tenant AND leaf = 2;
        UPDATE {AuditTables.Leaves} SET leaf = 2 WHERE log_tenant = @tenant AND leaf = 3;
        UPDATE {AuditTables.Leaves} SET leaf = 3 WHERE log_tenant = @tenant AND leaf = -1
        """);

    [Test]
    public async Task An_event_that_is_not_sealed_is_deleted() => await ShouldBeFoundAsync(
        $"DELETE FROM {AuditTables.Events} WHERE tenant_id = @tenant AND number = 9");

    [Test]
    public async Task An_event_that_is_made_up()
    {
        await AttackAsync($"UPDATE {AuditTables.Events} SET mac = sha256('forged'), actor = 'somebody else' WHERE tenant_id = @tenant AND number = 10");
        await SealAsync();
        await ShouldBeAsync(Verdict.Tampered);
    }

    [Test]
    public async Task The_last_events_before_they_are_sealed_are_missed_by_who_wrote_them()
    {
        await AttackAsync($"DELETE FROM {AuditTables.Events} WHERE tenant_id = @tenant AND number >= 9");
        await SealAsync();
        await ShouldBeAsync(Verdict.Clean);

        time.Advance(SealWatch.Patience);
        await api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
        api.Services.GetRequiredService<SealLag>().AllSealedAt(time.GetTimestamp());
        Assert.That(await api.Services.GetRequiredService<SealWatch>().CheckAsync(CancellationToken.None), Is.EqualTo(2));
    }

    [Test]
    public async Task An_older_copy_of_the_database_is_restored()
    {
        await AttackAsync(BackToTheFirstSeal);
        await ShouldBeAsync(Verdict.Tampered);
    }

    [Test]
    public async Task Another_history_is_sealed_in_an_older_copy()
    {
        await AttackAsync(BackToTheFirstSeal);
        await WriteAsync(5);
        await Horizon.PassesAsync(url);
        await api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
        await ShouldBeAsync(Verdict.Tampered);
    }

    [Test]
    public async Task A_whole_log_is_removed()
    {
        await AttackAsync($"DELETE FROM {AuditTables.Events} WHERE tenant_id = @tenant; DELETE FROM {AuditTables.Leaves} WHERE log_tenant = @tenant; DELETE FROM {AuditTables.Heads} WHERE log_tenant = @tenant");
        await ShouldBeAsync(Verdict.Tampered);
    }

    [Test]
    public async Task The_heads_are_signed_anew_by_another_key()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        var note = await dba.ScalarAsync<string>($"SELECT note FROM {AuditTables.Seals} ORDER BY heads DESC LIMIT 1");
        Assert.That(SignedNote.TryParse(Encoding.UTF8.GetBytes(note), out var signed));
        var forged = await SignedNote.SignAsync(signed!.Text, [new LocalNoteSigner("hipaa-template", stranger)], CancellationToken.None);
        await AttackAsync($"UPDATE {AuditTables.Seals} SET note = '{Encoding.UTF8.GetString(forged.Format())}' WHERE heads = (SELECT max(heads) FROM {AuditTables.Seals})");
        await ShouldBeAsync(Verdict.Tampered);
    }

    [Test]
    public async Task The_key_is_replaced_by_another_of_the_same_name()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        keys = $"{new LocalNoteSigner("hipaa-template", stranger).Key.Format()}\n";
        await ShouldBeAsync(Verdict.Tampered);
    }

    private static string BackToTheFirstSeal => $"""
        DELETE FROM {AuditTables.Events} WHERE tenant_id = @tenant AND number >= 6;
        DELETE FROM {AuditTables.Leaves} WHERE log_tenant = @tenant AND leaf >= 6;
        DELETE FROM {AuditTables.Heads} WHERE head >= 1;
        DELETE FROM {AuditTables.Seals} WHERE heads > 1
        """;

    private async Task ShouldBeFoundAsync(string attack)
    {
        await AttackAsync(attack);
        await ShouldBeAsync(Verdict.Tampered);
    }

    private async Task AttackAsync(string sql)
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await using var command = new NpgsqlCommand(sql.Replace("@tenant", $"'{clinic.Id}'", StringComparison.Ordinal), dba);
        Assert.That(await command.ExecuteNonQueryAsync(), Is.Positive, "it did something");
    }

    private async Task ShouldBeAsync(Verdict verdict)
    {
        // Exported after the last anchor was made.
        time.Advance(TimeSpan.FromSeconds(2));
        using var bundle = new StringWriter();
        await api.Services.GetRequiredService<AuditExport>().BundleAsync(Log, bundle, CancellationToken.None);
        var files = anchors.GetFiles().ToDictionary(file => file.Name, file => File.ReadAllText(file.FullName));
        await Verifiers.ShouldBeAsync(verdict, new Evidence(Encoding.UTF8.GetBytes(bundle.ToString()), keys, files));
    }

    private async Task SealAsync()
    {
        await Horizon.PassesAsync(url);
        await api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
        await api.Services.GetRequiredService<AuditAnchors>().WriteAsync(CancellationToken.None);
    }

    private async Task WriteAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await using var work = TenantWork.Of(api, clinic.Id);
            await api.Services.GetRequiredService<AuditTrail>().WriteAsync(
                AuditDraft.OfTenant(
                    new AuditFacts(AuditAction.ReadRecords, AuditOutcome.Success, AuditActor.System("test")),
                    clinic.Id,
                    await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None)),
                CancellationToken.None);
        }
    }
}
