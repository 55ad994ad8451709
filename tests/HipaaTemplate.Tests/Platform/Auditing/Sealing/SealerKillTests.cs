using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing.Sealing;

/// <summary>
/// The process that seals is killed (-9) in each of its steps while events come, and by chance in between: each event
/// is one leaf, and what was anchored holds. KILLS says how often; a release is tried with 200.
/// </summary>
[NonParallelizable]
internal sealed class SealerKillTests
{
    private const int Least = 6;
    private const string Writer = "writer-of-the-test";

    /// <summary>Where it stands still until it is killed: before a table is added to, and before the commit.</summary>
    private static readonly string[] Steps = ["leaves", "heads", "seals", "commit"];

    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("KILLS"), out var kills) ? kills : Least;

    private readonly CancellationTokenSource done = new();
    private ApiHost api = null!;
    private string url = null!;
    private Clinic clinic = null!;
    private DirectoryInfo anchors = null!;
    private NpgsqlConnection dba = null!;

    [SetUp]
    public async Task StartAsync()
    {
        anchors = Directory.CreateTempSubdirectory("hipaa-template-anchors");
        (api, url) = await App.NewApiAsync();
        clinic = await App.NewClinicAsync(api);
        dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await dba.ExecuteAsync($"""
            CREATE FUNCTION public.stand_still() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
                $$ BEGIN PERFORM pg_advisory_xact_lock_shared(TG_ARGV[0]::bigint); RETURN NULL; END $$;
            CREATE TRIGGER step BEFORE INSERT ON {AuditTables.Leaves} EXECUTE FUNCTION public.stand_still(0);
            CREATE TRIGGER step BEFORE INSERT ON {AuditTables.Heads} EXECUTE FUNCTION public.stand_still(1);
            CREATE TRIGGER step BEFORE INSERT ON {AuditTables.Seals} EXECUTE FUNCTION public.stand_still(2);
            CREATE CONSTRAINT TRIGGER committing AFTER INSERT ON {AuditTables.Seals} DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION public.stand_still(3)
            """);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await done.CancelAsync();
        done.Dispose();
        await dba.DisposeAsync();
        await api.DisposeAsync();
        anchors.Delete(recursive: true);
    }

    [Test]
    public async Task Each_event_is_one_leaf_wherever_the_process_is_killed()
    {
        var began = TimeProvider.System.GetUtcNow();
        var settings = ApiProcess.Settings(url, App.Issuer);
        settings["LOG_LEVEL"] = "WARNING";
        settings["AUDIT_ANCHOR_DIRECTORY"] = anchors.FullName;
        var writing = WriteAsync();
        for (var kill = 0; kill < Kills; kill++)
        {
            var step = kill % (Steps.Length + 1);
            if (step < Steps.Length)
            {
                await KillAtAsync(step, settings);
            }
            else
            {
                await KillByChanceAsync(settings, new Random(kill));
            }
        }

        await done.CancelAsync();
        var written = await writing;
        await TrailVerbs.ShouldBeCleanAsync(settings, clinic, began, anchors.FullName);

        // Of the writer alone: to export and to verify are events too.
        var leaves = await dba.ScalarAsync<long>($"""
            SELECT count(*) FROM {AuditTables.Leaves} l JOIN {AuditTables.Events} e ON e.tenant_id = l.log_tenant AND e.id = l.event_id
            WHERE e.tenant_id = '{clinic.Id}' AND e.actor = '{Writer}'
            """);
        Assert.That(leaves, Is.EqualTo(written).And.GreaterThan(Kills), "each of them, once, and it was put to the test");
    }

    private async Task KillAtAsync(int step, Dictionary<string, string> settings)
    {
        await dba.ExecuteAsync($"SELECT pg_advisory_lock({step})");
        await using (ApiProcess.Begin(settings, "audit", "seal"))
        {
            await Eventually.IsTrueAsync(async () => await SealersAsync("wait_event = 'advisory'") > 0, $"Nobody came to {Steps[step]}.");
        }

        // What PostgreSQL was asked for it finishes: at the last step the transaction is committed, and nobody hears of it.
        await dba.ExecuteAsync($"SELECT pg_advisory_unlock({step})");
        await Eventually.IsTrueAsync(async () => await SealersAsync("true") == 0, "The killed one's session never ended.");
    }

    /// <summary>After it has sealed once: within what follows, the anchor too.</summary>
    private async Task KillByChanceAsync(Dictionary<string, string> settings, Random random)
    {
        var before = await SealsAsync();
        await using var killed = ApiProcess.Begin(settings, "audit", "seal");
        await Eventually.IsTrueAsync(async () => await SealsAsync() > before, "Nothing was sealed.");
        await Task.Delay(random.Next(30));
    }

    private Task<long> SealsAsync() => dba.ScalarAsync<long>($"SELECT count(*) FROM {AuditTables.Seals}");

    private Task<long> SealersAsync(string state) => dba.ScalarAsync<long>(
        $"SELECT count(*) FROM pg_stat_activity WHERE usename = '{DatabaseRoles.Sealer}' AND datname = current_database() AND {state}");

    /// <returns>How many.</returns>
    private async Task<long> WriteAsync()
    {
        long written = 0;
        while (!done.IsCancellationRequested)
        {
            await using var work = TenantWork.Of(api, clinic.Id);
            var facts = new AuditFacts(AuditAction.ReadRecords, AuditOutcome.Success, AuditActor.System(Writer));
            var draft = AuditDraft.OfTenant(facts, clinic.Id, await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None));
            await api.Services.GetRequiredService<AuditTrail>().WriteAsync(draft, CancellationToken.None);
            written++;
            await Task.Delay(5);
        }

        return written;
    }
}
