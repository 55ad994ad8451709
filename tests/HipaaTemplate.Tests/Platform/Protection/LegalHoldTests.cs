using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Protection.Erasure;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>While a legal hold stands nothing is erased, whatever form is tried.</summary>
[Hipaa(Citations.Integrity)]
internal sealed class LegalHoldTests
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
    public async Task A_patients_hold_keeps_that_patient_and_no_other()
    {
        var other = await stage.AddAsync(clinic);
        await HoldAsync("--patient", probe.Id.ToString());

        ShouldBeKept($"of patient {probe.Id} stands, case 2026/CV-17", "--patient", probe.Id.ToString());
        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Is.EqualTo("Lindqvist"));
        await stage.ErasePatientAsync(clinic, other.Id);

        await ReleaseAsync("--patient", probe.Id.ToString());
        await stage.ErasePatientAsync(clinic, probe.Id);
    }

    [Test]
    public async Task A_tenants_hold_keeps_all_of_its_patients()
    {
        await HoldAsync();
        ShouldBeKept("of the tenant stands", "--patient", probe.Id.ToString());
        await ReleaseAsync();
        await stage.ErasePatientAsync(clinic, probe.Id);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_tenant_is_kept_by_its_own_hold_and_by_one_patients(bool ofPatient)
    {
        string[] whom = ofPatient ? ["--patient", probe.Id.ToString()] : [];
        await HoldAsync(whom);
        await stage.Api.RunAsync("tenants", "suspend", clinic.Slug);
        ShouldBeKept("stands");
        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Is.EqualTo("Lindqvist"));

        await ReleaseAsync(whom);
        await stage.EraseTenantAsync(clinic);
    }

    /// <summary>One of before had been released for the erasure; one of after says that this data is wanted.</summary>
    [Test]
    public async Task After_a_restore_a_later_hold_keeps_and_an_earlier_does_not()
    {
        await HoldAsync("--patient", probe.Id.ToString());
        var placed = await stage.Dba.ScalarAsync<Guid>($"SELECT id FROM keys.legal_holds WHERE subject_id = '{probe.Id}'");
        await ReleaseAsync("--patient", probe.Id.ToString());
        await using var backup = await RestoreTests.BackUpAsync(stage, clinic);
        var file = await stage.ErasePatientAsync(clinic, probe.Id);
        await backup.RestoreAsync();
        await stage.Dba.ExecuteAsync($"UPDATE keys.legal_holds SET released_at = NULL WHERE id = '{placed}'");

        await HoldAsync("--patient", probe.Id.ToString(), "--case", "2027-1");
        Assert.That(
            () => stage.KeysAsync("erase", "--certificate", file), Throws.InstanceOf<CommandException>().With.Message.Contains("case 2027-1"));
        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Is.EqualTo("Lindqvist"));

        await stage.KeysAsync("release", "--tenant", clinic.Slug, "--patient", probe.Id.ToString(), "--case", "2027-1");
        Assert.That(await stage.KeysAsync("erase", "--certificate", file), Is.Zero);
    }

    [Test]
    public async Task Holds_are_listed_while_they_stand_placed_once_and_released_by_their_case()
    {
        await HoldAsync();
        await HoldAsync("--patient", probe.Id.ToString());
        await HoldAsync();
        Assert.That(await ListAsync(), Is.EqualTo(new[]
        {
            $"{clinic.Slug}  the whole tenant  2026/CV-17", $"{clinic.Slug}  {probe.Id}  2026/CV-17",
        }));

        Assert.That(
            () => stage.KeysAsync("release", "--tenant", clinic.Slug, "--case", "2026/CV-18"),
            Throws.InstanceOf<CommandException>().With.Message.Contains("No such hold"));
        await ReleaseAsync();
        Assert.That(await ListAsync(), Is.EqualTo(new[] { $"{clinic.Slug}  {probe.Id}  2026/CV-17" }));
        Assert.That(
            () => HoldAsync("--patient", Guid.CreateVersion7().ToString()),
            Throws.InstanceOf<CommandException>().With.Message.Contains("no patient with this id"));
        await ReleaseAsync("--patient", probe.Id.ToString());
        await stage.ErasePatientAsync(clinic, probe.Id);
        Assert.That(
            () => HoldAsync("--patient", probe.Id.ToString()), Throws.InstanceOf<CommandException>().With.Message.Contains("erased"));
    }

    [Test]
    public async Task The_API_may_place_one_and_see_it_and_not_with_a_name_in_it()
    {
        await using (var work = TenantWork.Of(stage.Api, clinic.Id))
        {
            work.Db.Add(new LegalHold { Id = Guid.CreateVersion7(), CaseReference = "A-1", PlacedAt = TimeProvider.System.GetUtcNow() });
            await work.Db.SaveChangesAsync();
            Assert.That(await work.Db.Set<LegalHold>().CountAsync(), Is.EqualTo(1));
        }

        ShouldBeKept("stands, case A-1", "--patient", probe.Id.ToString());
        await using var other = TenantWork.Of(stage.Api, clinic.Id);
        other.Db.Add(new LegalHold { Id = Guid.CreateVersion7(), CaseReference = "Maria Lindqvist 1", PlacedAt = TimeProvider.System.GetUtcNow() });
        Assert.That(
            () => other.Db.SaveChangesAsync(),
            Throws.InstanceOf<DbUpdateException>().With.InnerException.InstanceOf<PostgresException>()
                .With.InnerException.Property("SqlState").EqualTo(PostgresErrorCodes.CheckViolation));
    }

    /// <summary>Whoever places one while something is being erased waits, and learns what became of it.</summary>
    [Test]
    public async Task A_hold_that_is_placed_just_then_comes_before_or_after_and_never_between()
    {
        await using var owner = await stage.Api.OpenOwnerConnectionAsync();
        await using var transaction = await owner.BeginTransactionAsync();
        await owner.ExecuteAsync($"""
            SELECT keys.enter_tenant('{clinic.Id}');
            INSERT INTO keys.legal_holds (tenant_id, id, case_reference, placed_at)
            VALUES ('{clinic.Id}', '{Guid.CreateVersion7()}', 'A-1', now());
            """);
        var erasing = Task.Run(() => stage.KeysAsync(
            "erase", "--patient", probe.Id.ToString(), "--tenant", clinic.Slug, "--out", stage.NewFile()));
        await Eventually.IsTrueAsync(
            () => stage.Dba.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"),
            "The erasure did not wait.");
        await transaction.CommitAsync();

        Assert.That(() => erasing, Throws.InstanceOf<CommandException>().With.Message.Contains("case A-1"));
        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Is.EqualTo("Lindqvist"));
    }

    private Task HoldAsync(params string[] more) => DoneAsync("hold", more);

    private Task ReleaseAsync(params string[] more) => DoneAsync("release", more);

    private async Task DoneAsync(string form, string[] more)
    {
        string[] which = more.Contains("--case") ? [] : ["--case", "2026/CV-17"];
        Assert.That(await stage.KeysAsync([form, "--tenant", clinic.Slug, .. more, .. which]), Is.Zero);
    }

    private async Task<IEnumerable<string>> ListAsync()
    {
        var result = await stage.RunAsync("keys", "holds", "--tenant", clinic.Slug);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split("  since ")[0]);
    }

    private void ShouldBeKept(string because, params string[] more) => Assert.That(
        () => stage.KeysAsync(["erase", "--tenant", clinic.Slug, .. more]),
        Throws.InstanceOf<CommandException>().With.Message.Contains(because).And.Message.Contains("nothing was erased"));
}
