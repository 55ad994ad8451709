using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Auditing.Export;

/// <summary>Every event that there can be is an AuditEvent by the rules of FHIR and BALP.</summary>
internal sealed class FhirAuditEventTests
{
    private static readonly Guid Ada = Guid.CreateVersion7();
    private static readonly Guid Ben = Guid.CreateVersion7();
    private static readonly Guid Document = Guid.CreateVersion7();

    [Test]
    public void Every_word_of_the_trail_has_its_codes(
        [Values] AuditAction action, [Values] AuditOutcome outcome, [Values] AuditActorType actor, [Values(0, 1, 2)] int patients, [Values("", "R", "CURD")] string letters)
    {
        var entry = Events.New(action.Word(), outcome.Word(), actor.Word()) with
        {
            Patients = patients switch { 0 => [], 1 => [Ada], _ => [Ada, Ben] },
            Records = [.. letters.Select(letter => new AuditedRecord(letter, 1, letter == 'R' ? Ben : Ada))],
        };

        var resources = Resources(entry);
        Assert.Multiple(() =>
        {
            Assert.That(resources.SelectMany(FhirRules.Problems), Is.Empty);
            Assert.That(resources.Select(resource => resource.GetProperty("id").GetString()), Is.Unique);
            Assert.That(resources.SelectMany(PatientsOf).Distinct(), Is.EquivalentTo(entry.Patients));
        });
    }

    [Test]
    public void Words_that_this_version_does_not_know_are_refused_and_not_left_out()
    {
        Assert.Throws<NotSupportedException>(() => Resources(Events.New("make_coffee", "success", "user")));
        Assert.Throws<NotSupportedException>(() => Resources(Events.New("read_records", "perhaps", "user")));
        Assert.Throws<NotSupportedException>(() => Resources(Events.New("read_records", "success", "cat")));
    }

    [TestCase("GET /api/v1/probes/{id}", "R", "read")]
    [TestCase("PUT /api/v1/probes/{id}", "U", "update")]
    [TestCase("PATCH /api/v1/probes/{id}", "U", "patch")]
    [TestCase("DELETE /api/v1/probes/{id}", "D", "delete")]
    [TestCase("POST /api/v1/probes", "E", "operation")]
    [TestCase(null, "E", "operation")]
    public void A_refusal_says_what_was_asked_for_and_why_not(string? endpoint, string action, string interaction)
    {
        var resource = Resources(Events.New("refuse_access", "refused", "user") with { Endpoint = endpoint, Code = "PERM_001" }).Single();
        Assert.Multiple(() =>
        {
            Assert.That(resource.GetProperty("action").GetString(), Is.EqualTo(action));
            Assert.That(resource.GetProperty("subtype")[0].GetProperty("code").GetString(), Is.EqualTo(interaction));
            Assert.That(resource.GetProperty("outcome").GetString(), Is.EqualTo("4"));
            Assert.That(resource.GetProperty("outcomeDesc").GetString(), Is.EqualTo("PERM_001"));
        });
    }

    [Test]
    public void A_token_that_is_refused_is_a_login_that_failed()
    {
        var resource = Resources(Events.New("refuse_sign_in", "refused", "unknown")).Single();
        Assert.Multiple(() =>
        {
            Assert.That(resource.GetProperty("type").GetProperty("code").GetString(), Is.EqualTo("110114"));
            Assert.That(resource.GetProperty("subtype")[0].GetProperty("code").GetString(), Is.EqualTo("110122"));
            Assert.That(resource.GetProperty("agent").GetArrayLength(), Is.EqualTo(2), "nobody is known");
        });
    }

    [Test]
    public void Each_patient_has_a_resource_with_the_own_row_and_with_those_that_may_be_of_either()
    {
        var resources = Resources(Events.New("read_records", "success", "user") with
        {
            Patients = [Ada, Ben],
            Records = [new('R', 1, Ada), new('R', 1, Ben), new('R', 2, Document)],
        });
        Assert.That(resources.Select(RowsOf), Is.EqualTo(new[] { new[] { Ada, Document }, [Ben, Document] }));
    }

    [Test]
    public void What_was_done_to_one_patient_is_a_resource_for_each_letter()
    {
        var resources = Resources(Events.New("change_records", "success", "user") with
        {
            Patients = [Ada],
            Records = [new('R', 1, Ada), new('C', 2, Document)],
        });
        Assert.That(
            resources.Select(resource => (resource.GetProperty("action").GetString(), RowsOf(resource).Single())),
            Is.EqualTo(new[] { ("C", Document), ("R", Ada) }));
    }

    [Test]
    public void Nothing_of_an_event_that_says_who_and_why_is_lost()
    {
        var entry = Events.New("read_records", "success", "user") with { Patients = [Ada], Records = [new('R', 1, Ada)], Detail = "case 4711" };
        var resource = Resources(entry).Single();
        var text = resource.GetRawText();
        Assert.Multiple(() =>
        {
            foreach (var said in new[] { entry.Actor, entry.Address, entry.Purpose, entry.Endpoint, entry.Request, entry.Detail, entry.Id.ToString(), entry.Writer.ToString(), entry.Tenant.ToString() })
            {
                Assert.That(text, Does.Contain($"{said}\"").Or.Contain($"{said},"), said);
            }

            Assert.That(resource.GetProperty("recorded").GetDateTimeOffset(), Is.EqualTo(entry.At));
            Assert.That(resource.GetProperty("agent")[0].GetProperty("network").GetProperty("type").GetString(), Is.EqualTo("2"), "an IP address");
        });
    }

    /// <summary>The rules are no good when they find nothing.</summary>
    [TestCase("$.source.observer")]
    [TestCase("$.agent[0].requestor")]
    [TestCase("$.agent[0].network")]
    [TestCase("$.agent[1].who")]
    [TestCase("$.agent[1]")]
    [TestCase("$.recorded")]
    [TestCase("$.type")]
    [TestCase("$.subtype")]
    [TestCase("$.entity[0]")]
    [TestCase("$.entity[0].role")]
    [TestCase("$.entity[1].what")]
    public void The_rules_miss_what_is_taken_away(string path)
    {
        var resource = JsonNode.Parse(Resources(Events.New("read_records", "success", "user") with { Patients = [Ada], Records = [new('R', 1, Ada)] }).Single().GetRawText())!;
        Remove(resource, path);
        Assert.That(FhirRules.Problems(resource.Deserialize<JsonElement>()), Is.Not.Empty);
    }

    private static void Remove(JsonNode resource, string path)
    {
        var node = resource;
        var steps = path.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries).Skip(1).ToList();
        foreach (var step in steps.SkipLast(1))
        {
            node = int.TryParse(step, out var index) ? node[index]! : node[step]!;
        }

        if (int.TryParse(steps[^1], out var last))
        {
            node.AsArray().RemoveAt(last);
        }
        else
        {
            Assert.That(node.AsObject().Remove(steps[^1]), Is.True, "it is there");
        }
    }

    private static List<JsonElement> Resources(AuditEntry entry) =>
        [.. new FhirAuditEvent("audit.clinic.example", App.Api.Services.GetRequiredService<RecordKinds>()).Lines(entry).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private static IEnumerable<Guid> PatientsOf(JsonElement resource) =>
        from entity in EntitiesOf(resource)
        where entity.TryGetProperty("what", out var what) && what.TryGetProperty("reference", out _)
        select Guid.Parse(entity.GetProperty("what").GetProperty("reference").GetString()!["Patient/".Length..]);

    private static Guid[] RowsOf(JsonElement resource) =>
    [
        .. from entity in EntitiesOf(resource)
           where entity.TryGetProperty("what", out var what) && what.TryGetProperty("identifier", out var identifier) && identifier.TryGetProperty("system", out _)
           select Guid.Parse(entity.GetProperty("what").GetProperty("identifier").GetProperty("value").GetString()!["urn:uuid:".Length..]),
    ];

    private static List<JsonElement> EntitiesOf(JsonElement resource) =>
        resource.TryGetProperty("entity", out var entities) ? [.. entities.EnumerateArray()] : [];
}
