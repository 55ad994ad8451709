using System.IO.Compression;
using System.Text;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Retention;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Auditing.Verification;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Compliance;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>
/// A month is kept for its years, and destroyed after them: archived before, told in the trail, and without a hole for
/// those who verify what came later.
/// </summary>
[NonParallelizable]
[Hipaa(Citations.Retention)]
internal sealed class RetentionTests
{
    private readonly LogCapture log = new();
    private readonly ManualTime clock = new();
    private ApiHost api = null!;
    private string url = null!;
    private DirectoryInfo anchors = null!;
    private DirectoryInfo archives = null!;
    private Clinic clinic = null!;
    private Clinic other = null!;
    private OldMonth month = null!;

    /// <summary>Five events of one clinic and three of another in a month ten years ago, and some of now; all sealed and anchored.</summary>
    [SetUp]
    public async Task StartAsync()
    {
        anchors = Directory.CreateTempSubdirectory("hipaa-template-anchors");
        archives = Directory.CreateTempSubdirectory("hipaa-template-archives");
        (api, url) = await App.NewApiAsync(
            new Dictionary<string, string>
            {
                ["AUDIT_ANCHOR_DIRECTORY"] = anchors.FullName,
                ["AUDIT_ARCHIVE_DIRECTORY"] = archives.FullName,
            },
            services =>
            {
                log.Install(services);
                // Of retention alone: the tenant's scope is signed with the time that it is.
                services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditRemoval>(provider, clock));
            });
        clinic = await App.NewClinicAsync(api);
        other = await App.NewClinicAsync(api);
        month = await OldMonth.MakeAsync(api, yearsAgo: 10);
        await month.WriteAsync(clinic.Id, 5);
        await month.WriteAsync(other.Id, 3);
        await WriteNowAsync(4);
        await SealAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        anchors.Delete(recursive: true);
        archives.Delete(recursive: true);
    }

    [Test]
    public async Task A_month_is_kept_to_the_day_before_its_seven_years_are_over_and_destroyed_the_day_after()
    {
        await RunAsync(ExitCode.Done, "archive");
        SetClock(7, days: -1);
        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((5L, 5L)));

        SetClock(7, days: 1);
        await RunAsync(ExitCode.Done, "retire", "--dry-run");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((5L, 5L)), "that was to look only");

        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((0L, 0L)));
        Assert.That(await RowsAsync(other), Is.EqualTo((0L, 0L)));
        Assert.That(await IsPartitionThereAsync(), Is.False);
        await RunAsync(ExitCode.Done, "retire");
        await AssertDestroyedOnceAsync(clinic, 5);
        await AssertDestroyedOnceAsync(other, 3);
    }

    [Test]
    public async Task What_came_later_still_verifies_and_so_does_the_archive()
    {
        await RunAsync(ExitCode.Done, "archive");
        SetClock(7, days: 1);
        await RunAsync(ExitCode.Done, "retire");
        await WriteNowAsync(2);
        await SealAsync();

        var keys = await KeysAsync(null);
        var anchored = anchors.GetFiles().ToDictionary(file => file.Name, file => File.ReadAllText(file.FullName));
        var now = AuditLog.Of(clinic.Id, TimeProvider.System.GetUtcNow());
        using var bundle = new StringWriter();
        await api.Services.GetRequiredService<AuditExport>().BundleAsync(now, bundle, CancellationToken.None);
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(Encoding.UTF8.GetBytes(bundle.ToString()), await KeysAsync(now), anchored));
        foreach (var stored in await EventsAsync(clinic))
        {
            using var proof = new StringWriter();
            Assert.That(await api.Services.GetRequiredService<AuditExport>().ProofAsync(clinic.Id, stored.Stamped.Entry.Id, proof, CancellationToken.None));
            await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(Encoding.UTF8.GetBytes(proof.ToString()), keys, null));
        }

        foreach (var of in new[] { clinic, other })
        {
            await Verifiers.ShouldBeAsync(
                Verdict.Clean, new Evidence(Decompressed(ArchiveOf(of)), await KeysAsync(month.LogOf(of.Id)), anchored));
        }
    }

    [Test]
    public async Task Who_asks_for_a_destroyed_month_is_told_so()
    {
        var old = (await EventsAsync(clinic, month.First))[0].Stamped.Entry.Id;
        await RunAsync(ExitCode.Done, "archive");
        SetClock(7, days: 1);
        await RunAsync(ExitCode.Done, "retire");

        foreach (var arguments in new string[][] { ["export", "--tenant", clinic.Slug, "--month", month.Text], ["prove", "--tenant", clinic.Slug, "--event", $"{old}"] })
        {
            Assert.That(
                () => api.RunAsync("audit", arguments),
                Throws.InstanceOf<CommandException>().With.Message.Contains($"were destroyed at {clock.GetUtcNow():yyyy-MM-dd}")
                    .And.Message.Contains($"{clinic.Id}/{month.Text}.ndjson.gz"));
        }
    }

    [Test]
    public async Task Each_tenant_has_its_own_term()
    {
        await RunAsync(ExitCode.Done, "archive");
        await RunAsync(ExitCode.Done, "retention", "--tenant", clinic.Slug, "--years", "9");
        await RunAsync(ExitCode.Done, "retention", "--tenant", other.Slug, "--years", "6");
        SetClock(6, days: -1);
        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await RowsAsync(other), Is.EqualTo((3L, 3L)));

        SetClock(6, days: 1);
        await RunAsync(ExitCode.Done, "retire");
        SetClock(9, days: -1);
        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await RowsAsync(other), Is.EqualTo((0L, 0L)));
        Assert.That(await RowsAsync(clinic), Is.EqualTo((5L, 5L)));
        Assert.That(await IsPartitionThereAsync(), "somebody's events are in it");

        SetClock(9, days: 1);
        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((0L, 0L)));
        Assert.That(await IsPartitionThereAsync(), Is.False);
        await AssertDestroyedOnceAsync(clinic, 5);
        Assert.That((await EventsAsync(other)).Select(stored => stored.Stamped.Entry).Single(entry => entry.Action == "set_retention").Detail, Is.EqualTo("years=6"));
    }

    [TestCase("5")]
    [TestCase("0")]
    [TestCase("101")]
    [TestCase("-7")]
    public void No_term_is_shorter_than_six_years(string years)
    {
        Assert.That(
            () => api.RunAsync("audit", "retention", "--tenant", clinic.Slug, "--years", years), Throws.InstanceOf<UsageException>());
        Assert.That(new RetentionSettings { Years = int.Parse(years, null) }.Problems(), Has.One.StartsWith("AUDIT_RETENTION_YEARS must be between 6"));
        Assert.That(new RetentionSettings { Years = 6 }.Problems(), Is.Empty);
    }

    [Test]
    public async Task A_legal_hold_keeps_the_tenants_months_and_those_of_the_platform()
    {
        await month.WriteAsync(AuditEntry.Platform, 2);
        await SealAsync();
        await RunAsync(ExitCode.Done, "archive");
        SetClock(8, days: 0);
        Assert.That(await api.RunAsync("keys", "hold", "--tenant", clinic.Slug, "--case", "2026-17"), Is.Zero);
        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((5L, 5L)));
        Assert.That(await RowsAsync(AuditEntry.Platform), Is.EqualTo((2L, 2L)));
        Assert.That(await RowsAsync(other), Is.EqualTo((0L, 0L)));

        Assert.That(await api.RunAsync("keys", "release", "--tenant", clinic.Slug, "--case", "2026-17"), Is.Zero);
        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((0L, 0L)));
        Assert.That(await RowsAsync(AuditEntry.Platform), Is.EqualTo((0L, 0L)));
        Assert.That(await IsPartitionThereAsync(), Is.False);
    }

    [Test]
    public async Task What_is_not_archived_is_not_destroyed()
    {
        SetClock(8, days: 0);
        await RunAsync(ExitCode.Failed, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((5L, 5L)));

        await RunAsync(ExitCode.Done, "archive");
        await month.WriteAsync(clinic.Id, 1);
        await RunAsync(ExitCode.Failed, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((6L, 5L)), "one more came, not sealed");

        await SealAsync();
        await RunAsync(ExitCode.Failed, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((6L, 6L)), "sealed, not archived");

        await RunAsync(ExitCode.Done, "archive");
        await RunAsync(ExitCode.Done, "retire");
        await AssertDestroyedOnceAsync(clinic, 6);
    }

    [TestCase(-1)]
    [TestCase(0)]
    [TestCase(4)]
    [TestCase(40)]
    public async Task A_month_whose_archive_was_changed_is_kept_and_somebody_is_told(int at)
    {
        await RunAsync(ExitCode.Done, "archive");
        var file = ArchiveOf(clinic);
        var bytes = await File.ReadAllBytesAsync(file);
        if (at < 0)
        {
            File.Delete(file);
        }
        else
        {
            bytes[at] ^= 1;
            await File.WriteAllBytesAsync(file, bytes);
        }

        SetClock(8, days: 0);
        await RunAsync(ExitCode.Tampered, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((5L, 5L)));
        Assert.That(await RowsAsync(other), Is.EqualTo((0L, 0L)));
        Assert.That(log.Lines, Has.One.Contains("SECURITY: the archive").And.Contains($"{clinic.Id}"));
    }

    [Test]
    public async Task A_run_that_is_killed_is_gone_on_with()
    {
        await RunAsync(ExitCode.Done, "archive");
        SetClock(8, days: 0);
        using var done = new CancellationTokenSource();
        var (runs, killed) = (0, 0L);
        var killing = Task.Run(async () =>
        {
            await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
            while (!done.IsCancellationRequested && killed < 12)
            {
                killed += await dba.ScalarAsync<long>(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ 'destroyed|leaves|DROP TABLE'");
                await Task.Delay(Random.Shared.Next(20));
            }
        });
        for (; ; runs++)
        {
            try
            {
                if (await api.RunAsync("audit", "retire") == ExitCode.Done && killing.IsCompleted)
                {
                    break;
                }
            }
            catch (Exception e) when (e is NpgsqlException or RetryLimitExceededException or InvalidOperationException)
            {
                // Killed.
            }
        }

        await killing;
        Assert.That(killed, Is.EqualTo(12).Or.GreaterThan(12));
        Assert.That(await RowsAsync(clinic), Is.EqualTo((0L, 0L)));
        Assert.That(await IsPartitionThereAsync(), Is.False);
        await AssertDestroyedOnceAsync(clinic, 5);
        await AssertDestroyedOnceAsync(other, 3);
    }

    [Test]
    public async Task A_log_that_was_told_to_be_destroyed_is_none_while_its_rows_are_still_there()
    {
        await RunAsync(ExitCode.Done, "archive");
        SetClock(8, days: 0);
        var removal = api.Services.GetRequiredService<AuditRemoval>();
        var due = await removal.DueAsync(CancellationToken.None);
        Assert.That(await removal.DestroyAsync(due.Single(one => one.Log.Tenant == clinic.Id), isDry: false, CancellationToken.None), Is.EqualTo(RemovalOutcome.Destroyed));
        Assert.That(await RowsAsync(clinic), Is.EqualTo((5L, 5L)));
        Assert.That(
            () => api.RunAsync("audit", "export", "--tenant", clinic.Slug, "--month", month.Text), Throws.InstanceOf<CommandException>());

        // One that comes nevertheless is sealed as before, and not removed with the others.
        await month.WriteAsync(clinic.Id, 1);
        await SealAsync();
        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await RowsAsync(clinic), Is.EqualTo((1L, 1L)));
        Assert.That(await IsPartitionThereAsync());
        await AssertDestroyedOnceAsync(clinic, 5);
    }

    [Test]
    public async Task A_partition_that_is_being_read_is_dropped_another_time_and_nobody_waits()
    {
        await RunAsync(ExitCode.Done, "archive");
        SetClock(8, days: 0);
        await using (var reader = await AuditReader.OpenAsync(api.Services.GetRequiredService<IOptions<DatabaseSettings>>(), CancellationToken.None))
        {
            await foreach (var _ in reader.EventsAsync(month.LogOf(clinic.Id), CancellationToken.None))
            {
            }

            Assert.That(await api.Services.GetRequiredService<RemovalStore>().TryDropAsync(month.First, CancellationToken.None), Is.False);
            await WriteNowAsync(1);
        }

        await RunAsync(ExitCode.Done, "retire");
        Assert.That(await IsPartitionThereAsync(), Is.False);
    }

    private void SetClock(int years, int days) => clock.Advance(month.End.AddYears(years).AddDays(days) - clock.GetUtcNow());

    private async Task RunAsync(int code, params string[] arguments) => Assert.That(await api.RunAsync("audit", arguments), Is.EqualTo(code));

    private string ArchiveOf(Clinic of) => Path.Combine(archives.FullName, $"{of.Id}", $"{month.Text}.ndjson.gz");

    private static byte[] Decompressed(string file)
    {
        using var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private async Task<string> KeysAsync(AuditLog? of)
    {
        using var output = new StringWriter();
        await api.Services.GetRequiredService<AuditKeyFile>().WriteAsync(of, output, CancellationToken.None);
        return output.ToString();
    }

    private Task<(long Events, long Leaves)> RowsAsync(Clinic of) => RowsAsync(of.Id);

    private async Task<(long Events, long Leaves)> RowsAsync(TenantId of)
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        return (
            await dba.ScalarAsync<long>($"SELECT count(*) FROM {AuditTables.Events} WHERE tenant_id = '{of}' AND at < '{month.End:O}'"),
            await dba.ScalarAsync<long>($"SELECT count(*) FROM {AuditTables.Leaves} WHERE log_tenant = '{of}' AND log_month = '{month.First:O}'"));
    }

    private async Task<bool> IsPartitionThereAsync()
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        return await dba.ScalarAsync<bool>($"SELECT to_regclass('{month.Partition}') IS NOT NULL");
    }

    /// <summary>In the tenant's log of now, sealed, with the root that is in the heads for ever.</summary>
    private async Task AssertDestroyedOnceAsync(Clinic of, int size)
    {
        await SealAsync();
        await using var reader = await AuditReader.OpenAsync(api.Services.GetRequiredService<IOptions<DatabaseSettings>>(), CancellationToken.None);
        var heads = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        var root = await heads.ScalarAsync<byte[]>(
            $"SELECT root FROM {AuditTables.Heads} WHERE log_tenant = '{of.Id}' AND log_month = '{month.First:O}' AND size = {size}");
        await heads.DisposeAsync();
        var told = (await EventsAsync(of)).Single(stored => stored.Stamped.Entry.Action == "destroy_log");
        Assert.That(told.Leaf, Is.Not.Null);
        Assert.That(told.Stamped.Entry.ActorType, Is.EqualTo("operator"));
        Assert.That(told.Stamped.Entry.Detail, Does.Match($"^month={month.Text} size={size} root=[^ ]+ sha256=[0-9a-f]{{64}}$").And.Contains($" root={Convert.ToBase64String(root)} "));
    }

    private Task<List<StoredEvent>> EventsAsync(Clinic of) => EventsAsync(of, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));

    private async Task<List<StoredEvent>> EventsAsync(Clinic of, DateOnly day)
    {
        await using var reader = await AuditReader.OpenAsync(api.Services.GetRequiredService<IOptions<DatabaseSettings>>(), CancellationToken.None);
        List<StoredEvent> events = [];
        await foreach (var stored in reader.EventsAsync(new AuditLog(of.Id, new DateOnly(day.Year, day.Month, 1)), CancellationToken.None))
        {
            events.Add(stored);
        }

        return events;
    }

    private async Task SealAsync()
    {
        await Horizon.PassesAsync(url);
        await api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
        await api.Services.GetRequiredService<AuditAnchors>().WriteAsync(CancellationToken.None);
    }

    private async Task WriteNowAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await api.Services.GetRequiredService<AuditTrail>().WriteAsync(await OldMonth.DraftAsync(api, clinic.Id), CancellationToken.None);
        }
    }
}
