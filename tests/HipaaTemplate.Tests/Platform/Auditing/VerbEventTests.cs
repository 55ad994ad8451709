using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Rotation;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Compliance;
using HipaaTemplate.Tests.Platform.Protection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>Whoever works at the command line is in the trail, with a name, or has done nothing.</summary>
[NonParallelizable]
[Hipaa(Citations.AuditControls)]
internal sealed class VerbEventTests
{
    private const string Broken = $"ALTER TABLE {AuditTables.Events} ADD CONSTRAINT nothing CHECK (false) NOT VALID";
    private const string Mended = $"ALTER TABLE {AuditTables.Events} DROP CONSTRAINT nothing";

    private ErasureStage stage = null!;
    private Clinic clinic = null!;
    private Guid patient;

    [OneTimeSetUp]
    public async Task StartAsync() => stage = await ErasureStage.OpenAsync();

    [OneTimeTearDown]
    public ValueTask StopAsync() => stage.DisposeAsync();

    [SetUp]
    public async Task AddClinicAsync()
    {
        clinic = await App.NewClinicAsync(stage.Api);
        patient = (await stage.AddAsync(clinic)).Id;
    }

    [Test]
    public async Task Erasing_a_patient_names_the_patient_and_who_did_it()
    {
        var erased = ErasureStage.PayloadOf(await stage.ErasePatientAsync(clinic, patient));

        var entry = await SingleAsync(clinic.Id, AuditAction.ErasePatient);
        Assert.That(entry.Patients, Is.EqualTo(new[] { patient }));
        Assert.That(entry.Detail, Is.EqualTo($"certificate={erased.GetProperty("id").GetGuid()}"));
        ShouldBeOperators(entry);
    }

    [Test]
    public async Task Erasing_a_tenant_is_in_the_platforms_log_and_gives_it_no_new_key()
    {
        await stage.EraseTenantAsync(clinic);

        var entry = await SingleOfPlatformAsync(AuditAction.EraseTenant);
        Assert.That(entry.Detail, Does.Match($"^tenant={clinic.Id} certificate=[0-9a-f-]{{36}}$"));
        // What comes later finds no key, and must not make one.
        await stage.RunAsync("keys", "hold", "--tenant", clinic.Slug, "--case", "2026-4");
        Assert.That((await SingleOfPlatformAsync(AuditAction.PlaceHold)).Detail, Is.EqualTo($"tenant={clinic.Id} case=2026-4"));
        Assert.That(await stage.CountAsync("keys.tenant_keys", clinic.Id, "wrapped IS NOT NULL"), Is.Zero);
    }

    [Test]
    public async Task Erasing_again_after_a_restore_is_told_too()
    {
        var file = await stage.ErasePatientAsync(clinic, patient);
        await stage.KeysAsync("erase", "--certificate", file);

        var events = await EventsAsync(clinic.Id, AuditAction.ErasePatient);
        Assert.That(events.ConvertAll(entry => entry.Detail!.EndsWith(" again", StringComparison.Ordinal)), Is.EqualTo(new[] { false, true }));
    }

    [Test]
    public async Task Holds_are_told_with_their_case()
    {
        await stage.KeysAsync("hold", "--tenant", clinic.Slug, "--patient", $"{patient}", "--case", "2026-17");
        await stage.KeysAsync("hold", "--tenant", clinic.Slug, "--patient", $"{patient}", "--case", "2026-17");
        await stage.KeysAsync("release", "--tenant", clinic.Slug, "--patient", $"{patient}", "--case", "2026-17");

        var (placed, released) = (await SingleAsync(clinic.Id, AuditAction.PlaceHold), await SingleAsync(clinic.Id, AuditAction.ReleaseHold));
        Assert.That((placed.Detail, released.Detail), Is.EqualTo(("case=2026-17", "case=2026-17")));
        Assert.That(placed.Patients.Concat(released.Patients), Is.EqualTo(new[] { patient, patient }));
    }

    [Test]
    public async Task Tenants_and_issuers_are_told_in_the_platforms_log()
    {
        var issuer = $"https://{clinic.Slug}.example";
        var file = stage.Write($$"""{"issuer":"{{issuer}}","tenant":"{{clinic.Id}}","audiences":["api"]}""");
        await stage.Api.RunAsync("tenants", "suspend", clinic.Slug);
        await stage.Api.RunAsync("tenants", "resume", clinic.Slug);
        await stage.Api.RunAsync("issuers", "add", file);
        await stage.Api.RunAsync("issuers", "add", file);
        await stage.Api.RunAsync("issuers", "remove", issuer);

        Assert.That(await DetailsAsync(AuditAction.ChangeTenant), Is.EqualTo(new[] { "registered", "suspended", "resumed" }
            .Select(what => $"tenant={clinic.Id} slug={clinic.Slug} {what}")));
        Assert.That(await DetailsAsync(AuditAction.ChangeIssuer), Is.EqualTo(new[] { "registered", "replaced", "removed" }
            .Select(what => $"issuer={issuer} {what}")));
    }

    [Test]
    public async Task A_rotation_is_told_step_by_step()
    {
        var settings = ApiProcess.Settings(stage.Url, App.Issuer);
        settings["KEY_CACHE_SECONDS"] = "2";
        settings["AUDIT_OPERATOR"] = "erika.muster";
        // As long as a backup may need it a version is not destroyed.
        settings["BACKUP_RETENTION_DAYS"] = "1";
        await stage.Api.RunAsync("keys", "rewrap", "--tenant", clinic.Slug);
        // With the tables of the tests, which the binary does not know, it would end here.
        await stage.Dba.ExecuteAsync($"DELETE FROM app.sealed_notes WHERE tenant_id = '{clinic.Id}'; DELETE FROM app.sealed_probes WHERE tenant_id = '{clinic.Id}'");
        var rotation = await ApiProcess.RunAsync(settings, "keys", "rotate", "--tenant", clinic.Slug);
        Assert.That(rotation.ExitCode, Is.Zero, rotation.Errors);
        await stage.Dba.ExecuteAsync($"UPDATE keys.tenant_keys SET retired_at = retired_at - interval '2 days' WHERE tenant_id = '{clinic.Id}'");
        Assert.That((await ApiProcess.RunAsync(settings, "keys", "reseal", "--tenant", clinic.Slug)).ExitCode, Is.Zero);

        var events = await TrailReader.AllEventsAsync(stage.Url, clinic.Id);
        var of = events.ConvertAll(stamped => stamped.Entry).Where(entry => entry.Actor?.StartsWith("erika.muster@", StringComparison.Ordinal) == true).ToList();
        Assert.That(
            of.Where(entry => entry.Action != AuditAction.UseKey.Word()).Select(entry => (entry.Action, entry.Detail)),
            Is.EqualTo(new[]
            {
                ("rotate_keys", null), ("make_key", "version=2 class=general provider=local"), ("retire_keys", "versions=1"), ("destroy_keys", "versions=1"),
            }));
        Assert.That(of.Select(entry => (entry.ActorType, entry.Endpoint)).Distinct(), Is.EquivalentTo(new[] { ("operator", "keys rotate"), ("operator", "keys reseal") }));
        Assert.That((await SingleAsync(clinic.Id, AuditAction.RewrapKey)).Detail, Is.EqualTo("version=1"));
    }

    [Test]
    public async Task Records_are_sealed_anew_by_the_system_and_only_when_that_is_told()
    {
        await stage.Dba.ExecuteAsync($"UPDATE keys.tenant_keys SET active_from = active_from - interval '1 hour' WHERE tenant_id = '{clinic.Id}'");
        await MakeNextVersionAsync();
        // With the keys at hand, so that it gets so far.
        await ErasureStage.NoteOfAsync(stage.Api, clinic, patient);
        await BrokenAsync(() => stage.KeysAsync("reseal", "--tenant", clinic.Slug));
        Assert.That(await stage.CountAsync("keys.subject_keys", clinic.Id, "key_version = 2"), Is.Zero);

        await stage.KeysAsync("reseal", "--tenant", clinic.Slug);
        var events = await EventsAsync(clinic.Id, AuditAction.ResealRecords);
        Assert.That(events.Select(entry => (entry.ActorType, entry.Actor)).Distinct(), Is.EqualTo(new[] { ("system", "reseal") }));
        Assert.That(events.ConvertAll(entry => entry.Detail), Has.All.EndsWith(" version=2"));
        Assert.That(await stage.CountAsync("keys.subject_keys", clinic.Id, "key_version = 2"), Is.Not.Zero);
    }

    [Test]
    public async Task Nothing_is_done_that_cannot_be_told()
    {
        await BrokenAsync(
            () => stage.KeysAsync("erase", "--patient", $"{patient}", "--tenant", clinic.Slug),
            () => stage.KeysAsync("hold", "--tenant", clinic.Slug, "--case", "2026-5"),
            () => stage.KeysAsync("rewrap", "--tenant", clinic.Slug),
            () => stage.Api.RunAsync("tenants", "suspend", clinic.Slug),
            () => stage.KeysAsync("rotate", "--tenant", clinic.Slug));

        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, patient), Is.EqualTo("Lindqvist"));
        Assert.That(await stage.CountAsync("keys.legal_holds", clinic.Id, "true"), Is.Zero);
        Assert.That(await stage.CountAsync("keys.tenant_keys", clinic.Id, "true"), Is.EqualTo(1));
        Assert.That(await stage.Dba.ScalarAsync<long>($"SELECT count(*) FROM app.tenants WHERE id = '{clinic.Id}' AND status <> 1"), Is.Zero);
    }

    [Test]
    public async Task An_export_is_told_before_a_line_of_it_is_given_out_and_is_not_in_itself()
    {
        var month = $"{TimeProvider.System.GetUtcNow():yyyy-MM}";
        string[] export = ["audit", "export", "--tenant", clinic.Slug, "--month", month];
        string[] keys = ["audit", "keys", "--tenant", clinic.Slug, "--month", month];
        var made = (await TrailReader.AllEventsAsync(stage.Url, clinic.Id)).First().Entry;
        await stage.RunAsync("audit", "seal", "once");
        string[] proof = ["audit", "prove", "--tenant", clinic.Slug, "--event", $"{made.Id}"];
        await BrokenAsync(async () =>
        {
            foreach (var words in new[] { export, keys, proof })
            {
                var refused = await stage.RunAsync(words);
                Assert.That(refused.ExitCode, Is.EqualTo(1), string.Join(' ', words));
                // But for lines of the log.
                Assert.That(refused.Output, Does.Not.Contain("\"type\"").And.Not.Contain("mac ").And.Not.Contain("hipaa-template+"), string.Join(' ', words));
            }

            return 1;
        });

        var (bundle, _) = (await stage.RunAsync(export), await stage.RunAsync(proof));
        Assert.That(await stage.RunAsync(keys), Has.Property(nameof(ProcessResult.ExitCode)).Zero);
        Assert.That(bundle.Output, Does.Contain($"{made.Id}").And.Not.Contain(AuditAction.ExportAuditTrail.Word()));
        var events = await EventsAsync(clinic.Id, AuditAction.ExportAuditTrail);
        Assert.That(events.ConvertAll(entry => entry.Detail), Is.EqualTo(new[] { $"month={month}", $"event={made.Id}" }));
        Assert.That((await SingleAsync(clinic.Id, AuditAction.ExportAuditKeys)).Detail, Is.EqualTo($"month={month}"));
    }

    private static void ShouldBeOperators(AuditEntry entry)
    {
        Assert.That(entry.ActorType, Is.EqualTo("operator"));
        Assert.That(entry.Actor, Does.Match("^[^@]+@[^@]+$"));
        Assert.That(entry.Outcome, Is.EqualTo("success"));
    }

    /// <summary>As rotate does first.</summary>
    private async Task MakeNextVersionAsync()
    {
        await stage.Api.Services.GetRequiredService<KeyRotation>().BeginAsync(clinic.Id, CancellationToken.None);
        await stage.Dba.ExecuteAsync($"UPDATE keys.tenant_keys SET active_from = now() - interval '1 minute' WHERE tenant_id = '{clinic.Id}' AND version = 2");
        stage.Api.Services.GetRequiredService<TenantKeyRings>().Forget(clinic.Id);
    }

    private async Task BrokenAsync(params Func<Task<int>>[] verbs)
    {
        await stage.Dba.ExecuteAsync(Broken);
        try
        {
            foreach (var verb in verbs)
            {
                Assert.That(await CodeAsync(verb), Is.Not.Zero);
            }
        }
        finally
        {
            await stage.Dba.ExecuteAsync(Mended);
        }
    }

    private static async Task<int> CodeAsync(Func<Task<int>> verb)
    {
        try
        {
            return await verb();
        }
        catch (Exception e) when (e is NpgsqlException or AuditUnavailableException or DbUpdateException)
        {
            return 1;
        }
    }

    private async Task<List<AuditEntry>> EventsAsync(TenantId log, AuditAction action) =>
        [.. (await TrailReader.EventsAsync(stage.Url, log)).Select(stamped => stamped.Entry).Where(entry => entry.Action == action.Word())];

    private async Task<AuditEntry> SingleAsync(TenantId log, AuditAction action) => (await EventsAsync(log, action)).Single();

    private async Task<AuditEntry> SingleOfPlatformAsync(AuditAction action) =>
        (await EventsAsync(AuditEntry.Platform, action)).Single(entry => entry.Detail!.Contains($"{clinic.Id}", StringComparison.Ordinal));

    private async Task<IEnumerable<string?>> DetailsAsync(AuditAction action) =>
        (await EventsAsync(AuditEntry.Platform, action)).Select(entry => entry.Detail).Where(detail => detail!.Contains(clinic.Slug, StringComparison.Ordinal));
}
