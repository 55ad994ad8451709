using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Tests.Compliance;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>A month that has ended is written outside the database once, and what is there is looked at before it is believed.</summary>
[NonParallelizable]
[Hipaa(Citations.Retention)]
internal sealed class ArchiveTests
{
    private ApiHost api = null!;
    private string url = null!;
    private DirectoryInfo archives = null!;
    private Clinic clinic = null!;
    private OldMonth month = null!;

    [SetUp]
    public async Task StartAsync()
    {
        archives = Directory.CreateTempSubdirectory("hipaa-template-archives");
        (api, url) = await App.NewApiAsync(new Dictionary<string, string> { ["AUDIT_ARCHIVE_DIRECTORY"] = archives.FullName });
        clinic = await App.NewClinicAsync(api);
        month = await OldMonth.MakeAsync(api, yearsAgo: 1);
        await month.WriteAsync(clinic.Id, 3);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        archives.Delete(recursive: true);
    }

    [Test]
    public async Task A_month_is_archived_once_when_all_of_it_is_sealed_and_the_month_of_now_is_not()
    {
        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Done));
        Assert.That(Files(), Is.Empty, "not sealed");

        await SealAsync();
        await month.WriteAsync(clinic.Id, 1);
        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Done));
        Assert.That(Files(), Is.Empty, "one of it is not");

        await SealAsync();
        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Done));
        Assert.That(Files(), Is.EqualTo(new[] { $"{month.Text}.ndjson.gz" }));
        var written = File.GetLastWriteTimeUtc(FileOf());
        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Done));
        Assert.That(File.GetLastWriteTimeUtc(FileOf()), Is.EqualTo(written));
        Assert.That(await ArchivedAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task One_that_was_written_and_not_recorded_is_taken_for_what_it_is()
    {
        await SealAsync();
        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Done));
        await ForgetAsync();
        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Done));
        Assert.That(await ArchivedAsync(), Is.EqualTo(1));

        // Or for what it was before the log went on.
        await ForgetAsync();
        await month.WriteAsync(clinic.Id, 1);
        await SealAsync();
        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Done));
        Assert.That(Files(), Is.EqualTo(new[] { $"{month.Text}.4.ndjson.gz", $"{month.Text}.ndjson.gz" }));
        Assert.That(await ArchivedAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task What_is_there_and_is_not_the_archive_is_not_overwritten_and_somebody_is_told()
    {
        await SealAsync();
        Directory.CreateDirectory(Path.GetDirectoryName(FileOf())!);
        await File.WriteAllTextAsync(FileOf(), "something else");
        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Tampered));
        Assert.That(await File.ReadAllTextAsync(FileOf()), Is.EqualTo("something else"));
        Assert.That(await ArchivedAsync(), Is.Zero);
    }

    [Test]
    public async Task An_event_that_was_changed_in_the_database_is_not_archived_as_if_it_were_good()
    {
        await SealAsync();
        await using (var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url))
        {
            await dba.ExecuteAsync($"UPDATE {AuditTables.Events} SET actor = 'somebody else' WHERE tenant_id = '{clinic.Id}' AND number = 1");
        }

        Assert.That(await ArchiveAsync(), Is.EqualTo(ExitCode.Tampered));
        Assert.That(await ArchivedAsync(), Is.Zero);
    }

    [TestCase(DatabaseRoles.App, $"SELECT count(*) FROM {AuditTables.Archives}")]
    [TestCase(DatabaseRoles.App, $"DELETE FROM {AuditTables.Archives}")]
    [TestCase(DatabaseRoles.App, $"DELETE FROM {AuditTables.Leaves}")]
    [TestCase(DatabaseRoles.App, $"UPDATE {AuditTables.Retention} SET years = 6")]
    [TestCase(DatabaseRoles.App, $"INSERT INTO {AuditTables.Retention} VALUES ('01933c1e-1111-7000-8000-000000000001', 6, now())")]
    [TestCase(DatabaseRoles.App, $"UPDATE {AuditTables.Destroyed} SET is_removed = false")]
    [TestCase(DatabaseRoles.App, "SELECT audit.extend_partitions()")]
    [TestCase(DatabaseRoles.App, "DROP TABLE audit.destroyed")]
    [TestCase(DatabaseRoles.Sealer, $"UPDATE {AuditTables.Archives} SET sha256 = sha256('x')")]
    [TestCase(DatabaseRoles.Sealer, $"DELETE FROM {AuditTables.Archives}")]
    [TestCase(DatabaseRoles.Sealer, $"SELECT count(*) FROM {AuditTables.Destroyed}")]
    [TestCase(DatabaseRoles.Sealer, $"UPDATE {AuditTables.Retention} SET years = 6")]
    [TestCase(DatabaseRoles.Sealer, "SELECT audit.make_partitions(1)")]
    [TestCase(DatabaseRoles.Auditor, $"DELETE FROM {AuditTables.Archives}")]
    [TestCase(DatabaseRoles.Auditor, $"UPDATE {AuditTables.Destroyed} SET is_removed = false")]
    [TestCase(DatabaseRoles.Auditor, "SELECT audit.extend_partitions()")]
    public async Task Nobody_but_the_owner_keeps_for_less_or_destroys(string role, string statement)
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await dba.ExecuteAsync($"SET ROLE {role}");
        Assert.That(
            () => dba.ExecuteAsync(statement),
            Throws.InstanceOf<PostgresException>().With.Property(nameof(PostgresException.SqlState)).EqualTo(PostgresErrorCodes.InsufficientPrivilege));
    }

    private string FileOf() => Path.Combine(archives.FullName, $"{clinic.Id}", $"{month.Text}.ndjson.gz");

    private IEnumerable<string> Files() => archives.EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Name).Order(StringComparer.Ordinal);

    private Task<int> ArchiveAsync() => api.RunAsync("audit", "archive");

    private async Task SealAsync()
    {
        await Horizon.PassesAsync(url);
        await api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
    }

    private async Task<long> ArchivedAsync()
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        return await dba.ScalarAsync<long>($"SELECT count(*) FROM {AuditTables.Archives}");
    }

    private async Task ForgetAsync()
    {
        await using var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await dba.ExecuteAsync($"TRUNCATE {AuditTables.Archives}");
    }
}
