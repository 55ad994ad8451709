using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Protection;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>A tenant whose keys are destroyed is unreadable, and begins anew with keys of its own if it comes back.</summary>
[Hipaa(Citations.Media)]
internal sealed class TenantErasureTests
{
    private ErasureStage stage = null!;
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task OpenAsync() => stage = await ErasureStage.OpenAsync();

    [OneTimeTearDown]
    public ValueTask CloseAsync() => stage.DisposeAsync();

    [SetUp]
    public async Task BeginAsync() => clinic = await App.NewClinicAsync(stage.Api);

    [Test]
    public async Task A_tenant_has_to_be_suspended_first()
    {
        var probe = await stage.AddAsync(clinic);
        Assert.That(
            () => stage.KeysAsync("erase", "--tenant", clinic.Slug),
            Throws.InstanceOf<CommandException>().With.Message.Contains($"tenants suspend {clinic.Slug} first"));
        Assert.That(await ErasureStage.NoteOfAsync(stage.Api, clinic, probe.Id), Is.EqualTo("Lindqvist"));
    }

    [Test]
    public async Task Nothing_of_an_erased_tenant_opens_on_any_node_and_everything_of_others_does()
    {
        var other = await App.NewClinicAsync(stage.Api);
        SealedProbe[] probes = [await stage.AddAsync(clinic), await stage.AddAsync(clinic), await stage.AddAsync(other)];
        foreach (var node in new[] { stage.Api, stage.Other })
        {
            _ = await ErasureStage.NoteOfAsync(node, clinic, probes[0].Id);
            _ = await ErasureStage.NoteOfAsync(node, other, probes[2].Id);
        }

        var file = await stage.EraseTenantAsync(clinic);

        foreach (var node in new[] { stage.Api, stage.Other })
        {
            foreach (var probe in probes[..2])
            {
                Assert.That(() => ErasureStage.NoteOfAsync(node, clinic, probe.Id), Throws.InstanceOf<PhiErasedException>());
                Assert.That(() => ErasureStage.TextAboutAsync(node, clinic, probe.Id), Throws.InstanceOf<PhiErasedException>());
            }

            Assert.That(await ErasureStage.NoteOfAsync(node, other, probes[2].Id), Is.EqualTo("Lindqvist"));
        }

        Assert.That(await stage.CountAsync("keys.tenant_keys", clinic.Id, "wrapped IS NOT NULL"), Is.Zero);
        Assert.That(await stage.CountAsync("keys.subject_keys", clinic.Id, "wrapped IS NOT NULL"), Is.Zero);
        Assert.That(await stage.CountAsync("app.sealed_probes", clinic.Id, "code_index_a IS NULL AND note_day_index_a IS NULL"), Is.EqualTo(2));
        Assert.That(await stage.CountAsync("app.sealed_probes", other.Id, "code_index_a IS NOT NULL"), Is.EqualTo(1));
        var payload = ErasureStage.PayloadOf(file);
        Assert.Multiple(() =>
        {
            Assert.That(payload.GetProperty("erased").GetString(), Is.EqualTo("tenant"));
            Assert.That(payload.TryGetProperty("patient_id", out _), Is.False);
            Assert.That(payload.GetProperty("keys").GetArrayLength(), Is.EqualTo(1));
            Assert.That(payload.GetProperty("patient_keys").GetInt32(), Is.EqualTo(2));
            Assert.That(
                payload.GetProperty("tables").GetRawText(),
                Is.EqualTo("""[{"table":"app.sealed_notes","rows":2,"index_values":0},{"table":"app.sealed_probes","rows":2,"index_values":4}]"""));
        });
    }

    /// <summary>Even where a node has the destroyed key at hand, and would seal under it what nobody could ever open.</summary>
    [Test]
    public async Task A_tenant_that_is_resumed_begins_anew_with_another_key()
    {
        var before = await stage.AddAsync(clinic);
        foreach (var node in new[] { stage.Api, stage.Other })
        {
            _ = await ErasureStage.NoteOfAsync(node, clinic, before.Id);
        }

        await stage.EraseTenantAsync(clinic);
        await stage.Api.RunAsync("tenants", "resume", clinic.Slug);

        Assert.That(
            () => stage.AddAsync(clinic, stage.Other),
            Throws.InstanceOf<KeysUnavailableException>().With.Property("Error").EqualTo(ProtectionErrors.Unavailable), "once, and retried then");
        var since = await stage.AddAsync(clinic, stage.Other);
        Assert.That(await ErasureStage.NoteOfAsync(stage.Other, clinic, since.Id), Is.EqualTo("Lindqvist"));
        Assert.That(
            await stage.Dba.ScalarAsync<int>($"SELECT key_version FROM keys.subject_keys WHERE subject_id = '{since.Id}'"), Is.EqualTo(2));
        Assert.That(() => ErasureStage.NoteOfAsync(stage.Other, clinic, before.Id), Throws.InstanceOf<PhiErasedException>());
        await using var later = new ApiHost(stage.Url, App.Issuer);
        Assert.That(await ErasureStage.NoteOfAsync(later, clinic, since.Id), Is.EqualTo("Lindqvist"));

        // And may be erased once more.
        await stage.EraseTenantAsync(clinic);
        Assert.That(() => ErasureStage.NoteOfAsync(later, clinic, since.Id), Throws.InstanceOf<PhiErasedException>());
        var shown = await stage.RunAsync("keys", "certificate", "show", clinic.Id.ToString());
        Assert.That(shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task A_tenant_without_a_key_has_nothing_to_erase()
    {
        await stage.Api.RunAsync("tenants", "suspend", clinic.Slug);
        Assert.That(
            () => stage.KeysAsync("erase", "--tenant", clinic.Slug),
            Throws.InstanceOf<CommandException>().With.Message.Contains("no key that could be destroyed"));
    }

    [Test]
    public async Task A_patient_of_an_erased_tenant_was_erased_with_it()
    {
        var probe = await stage.AddAsync(clinic);
        await stage.EraseTenantAsync(clinic);
        Assert.That(
            () => stage.KeysAsync("erase", "--patient", probe.Id.ToString(), "--tenant", clinic.Slug),
            Throws.InstanceOf<CommandException>().With.Message.Contains("erased before"));
    }
}
