using System.Text.Json;
using HipaaTemplate.Platform.Protection;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>
/// A DBA may change, move and replace what is stored; nothing of it opens, and each attempt to read it is a
/// security event.
/// </summary>
[Hipaa(Citations.AuthenticateData)]
internal sealed class TamperTests
{
    private readonly LogCapture log = new();
    private ApiHost api = null!;
    private string url = null!;
    private NpgsqlConnection dba = null!;
    private Clinic northwind = null!;
    private Clinic southgate = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, url) = await App.NewApiAsync(configureServices: log.Install);
        dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        northwind = await App.NewClinicAsync(api);
        southgate = await App.NewClinicAsync(api);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await dba.DisposeAsync();
        await api.DisposeAsync();
    }

    [Test]
    public async Task A_value_of_another_row_does_not_open()
    {
        var (mine, other) = (await AddAsync(northwind), await AddAsync(northwind));
        await CopyAsync("sealed_probes", "note", other, "sealed_probes", "note", mine);
        await ShouldBeRefusedAsync(northwind, mine, table: 9001, column: 2);
    }

    /// <summary>Even with the key of the row it was taken from: the row's own id is sealed in.</summary>
    [Test]
    public async Task A_value_of_another_row_does_not_open_with_its_key_either()
    {
        var (mine, other) = (await AddAsync(northwind), await AddAsync(northwind));
        await CopyAsync("sealed_probes", "note", other, "sealed_probes", "note", mine);
        await CopyAsync("sealed_probes", "subject_key_id", other, "sealed_probes", "subject_key_id", mine);
        await ShouldBeRefusedAsync(northwind, mine, table: 0, column: 0);
    }

    [Test]
    public async Task A_value_of_another_column_does_not_open()
    {
        var mine = await AddAsync(northwind);
        await CopyAsync("sealed_probes", "code", mine, "sealed_probes", "note", mine);
        await ShouldBeRefusedAsync(northwind, mine, table: 9001, column: 2);
    }

    [Test]
    public async Task A_value_of_another_table_does_not_open()
    {
        var mine = await AddAsync(northwind);
        SealedNote note = new() { ProbeId = mine, Text = "a note" };
        await using (var work = TenantWork.Of(api, northwind.Id))
        {
            work.Db.Add(note);
            await work.Db.SaveChangesAsync();
        }

        await CopyAsync("sealed_notes", "text", note.Id, "sealed_probes", "note", mine);
        await ShouldBeRefusedAsync(northwind, mine, table: 9001, column: 2);
    }

    [Test]
    public async Task A_row_of_another_tenant_does_not_open()
    {
        // With its key and all: the whole record is moved, as it stands.
        var theirs = await AddAsync(southgate);
        await dba.ExecuteAsync($"""
            INSERT INTO keys.subject_keys SELECT '{northwind.Id}', id, subject_id, key_version, wrapped, created_at, destroyed_at
                FROM keys.subject_keys WHERE subject_id = '{theirs}';
            UPDATE app.sealed_probes SET tenant_id = '{northwind.Id}' WHERE id = '{theirs}';
            """);
        await AddAsync(northwind);
        await ShouldBeRefusedAsync(northwind, theirs, table: 0, column: 0);
    }

    [Test]
    public async Task A_patients_key_of_another_patient_does_not_open()
    {
        var (mine, other) = (await AddAsync(northwind), await AddAsync(northwind));
        await dba.ExecuteAsync($"""
            UPDATE keys.subject_keys k SET wrapped = o.wrapped FROM keys.subject_keys o
            WHERE k.subject_id = '{mine}' AND o.subject_id = '{other}'
            """);
        await ShouldBeRefusedAsync(northwind, mine, table: 0, column: 0);
    }

    [TestCase("set_byte(note, 0, get_byte(note, 0) # 1)", TestName = "A value of another format does not open")]
    [TestCase("set_byte(note, 1, get_byte(note, 1) # 3)", TestName = "A value of another suite does not open")]
    [TestCase("set_byte(note, 5, get_byte(note, 5) # 3)", TestName = "A value of another version does not open")]
    [TestCase("set_byte(note, 8, get_byte(note, 8) # 1)", TestName = "A value with another nonce does not open")]
    [TestCase("set_byte(note, 30, get_byte(note, 30) # 1)", TestName = "A value that was changed does not open")]
    [TestCase("set_byte(note, length(note) - 1, get_byte(note, length(note) - 1) # 1)", TestName = "A value with another tag does not open")]
    [TestCase("substr(note, 1, length(note) - 1)", TestName = "A value that was cut does not open")]
    [TestCase("''::bytea", TestName = "A value of nothing does not open")]
    [TestCase("'Lindqvist'::bytea", TestName = "A value in clear does not open")]
    public async Task A_changed_value(string change)
    {
        var mine = await AddAsync(northwind);
        await dba.ExecuteAsync($"UPDATE app.sealed_probes SET note = {change} WHERE id = '{mine}'");
        await ShouldBeRefusedAsync(northwind, mine, table: 9001, column: 2);
    }

    [Test]
    public async Task The_key_of_another_tenant_is_refused_by_the_provider()
    {
        var (northfield, southfield) = (await App.NewClinicAsync(api), await App.NewClinicAsync(api));
        var mine = await AddAsync(northfield);
        await AddAsync(southfield);
        await dba.ExecuteAsync($"""
            UPDATE keys.tenant_keys k SET wrapped = o.wrapped, commitment = o.commitment FROM keys.tenant_keys o
            WHERE k.tenant_id = '{northfield.Id}' AND o.tenant_id = '{southfield.Id}'
            """);
        await using var other = new ApiHost(url, App.Issuer, null, services => services.WithoutLog());

        Assert.That(
            () => NoteOfAsync(other, northfield, mine),
            Throws.InstanceOf<KeysUnavailableException>().With.Property("Error").EqualTo(ProtectionErrors.Refused));
    }

    [Test]
    public async Task A_key_that_is_not_the_one_that_was_made_is_not_used()
    {
        var clinic = await App.NewClinicAsync(api);
        var mine = await AddAsync(clinic);
        await dba.ExecuteAsync($"UPDATE keys.tenant_keys SET commitment = sha256(commitment) WHERE tenant_id = '{clinic.Id}'");
        await using var other = new ApiHost(url, App.Issuer, null, services => services.WithoutLog());

        Assert.That(
            () => NoteOfAsync(other, clinic, mine),
            Throws.InstanceOf<KeysUnavailableException>().With.Property("Error").EqualTo(ProtectionErrors.Refused));
    }

    private async Task<Guid> AddAsync(Clinic clinic)
    {
        SealedProbe probe = new() { Code = $"code-{Guid.CreateVersion7():N}", Note = "Lindqvist" };
        await using var work = TenantWork.Of(api, clinic.Id);
        work.Db.Add(probe);
        await work.Db.SaveChangesAsync();
        Assert.That(await NoteOfAsync(api, clinic, probe.Id), Is.EqualTo("Lindqvist"), "else the test proves nothing");
        return probe.Id;
    }

    private Task<int> CopyAsync(string fromTable, string from, Guid fromId, string toTable, string to, Guid toId) =>
        dba.ExecuteAsync($"UPDATE app.{toTable} SET {to} = (SELECT {from} FROM app.{fromTable} WHERE id = '{fromId}') WHERE id = '{toId}'");

    private static async Task<string> NoteOfAsync(ApiHost api, Clinic clinic, Guid id)
    {
        await using var work = TenantWork.Of(api, clinic.Id);
        return (await work.Db.Set<SealedProbe>().SingleAsync(p => p.Id == id)).Note!.Reveal();
    }

    private async Task ShouldBeRefusedAsync(Clinic clinic, Guid id, int table, int column)
    {
        var before = log.Lines.Count;
        Assert.That(() => NoteOfAsync(api, clinic, id), Throws.InstanceOf<PhiAuthenticationException>());
        var events = log.Lines.Skip(before).Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .Where(line => line.GetProperty("@mt").GetString()!.StartsWith("SECURITY", StringComparison.Ordinal)).ToList();
        Assert.That(events, Has.Count.EqualTo(1));
        Assert.Multiple(() =>
        {
            Assert.That(events[0].GetProperty("@l").GetString(), Is.EqualTo("Fatal"));
            Assert.That(events[0].GetProperty("Row").GetString(), Is.EqualTo(id.ToString()));
            Assert.That(events[0].GetProperty("Table").GetInt32(), Is.EqualTo(table));
            Assert.That(events[0].GetProperty("Column").GetInt32(), Is.EqualTo(column));
        });
    }
}
